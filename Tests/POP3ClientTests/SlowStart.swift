import Dispatch

/// Runs what it is given later than it could, as a machine does that has much else to do.
final class SlowStart: TaskExecutor {
    private let queue = DispatchQueue(label: "slow")
    private let delay: DispatchTimeInterval

    init(milliseconds: Int) {
        delay = .milliseconds(milliseconds)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.asyncAfter(deadline: .now() + delay) { [self] in
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
