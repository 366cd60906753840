extension Wording {
    /// What a legal hold is on.
    package func scope(of hold: HoldShape) -> String {
        if let user = hold.user { return text(.holdUser, ["name": user.name]) }
        if let record = hold.record { return text(.holdRecord, ["record": record]) }
        if let backup = hold.backup { return text(.holdBackup, ["backup": backup]) }
        return text(.holdOrganization)
    }

    /// A legal hold on the page of what it covers.
    ///
    /// - Parameter time: when it was placed, as the reader reads it; nil writes it as the API does.
    package func text(of hold: HoldShape, time: String? = nil) -> String {
        text(
            .holdText,
            [
                "id": hold.id, "admin": hold.placed_by.name, "time": time ?? hold.placed_time, "reason": hold.reason,
            ]
        )
    }
}
