#include <gmime/gmime.h>
#include <stdint.h>
#include <string.h>

// Swift sees neither GObject's cast macros nor GMime's constructors of many steps: each has an inline function.

// Initialises GMime, once. Messages within messages are leaves to it: it would parse their address fields, where nested
// groups recurse without limit.
static inline void mailkeep_gmime_init(void) {
    static const char *const subtypes[] = {"rfc822", "rfc2822", "global", "news"};
    g_mime_init();
    for (size_t index = 0; index < G_N_ELEMENTS(subtypes); index++)
        g_mime_object_register_type("message", subtypes[index], GMIME_TYPE_PART);
}

// Options that read what is found rather than what is right.
static inline GMimeParserOptions *mailkeep_gmime_lenient(void) {
    GMimeParserOptions *options = g_mime_parser_options_new();
    g_mime_parser_options_set_parameter_compliance_mode(options, GMIME_RFC_COMPLIANCE_LOOSE);
    return options;
}

// Options that read addresses only as they should be.
static inline GMimeParserOptions *mailkeep_gmime_strict(void) {
    GMimeParserOptions *options = g_mime_parser_options_new();
    g_mime_parser_options_set_address_compliance_mode(options, GMIME_RFC_COMPLIANCE_STRICT);
    return options;
}

// The parts of a message; null when there is no header.
static inline GMimeObject *mailkeep_gmime_structure(
    GMimeParserOptions *options, const uint8_t *bytes, size_t length
) {
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)bytes, length);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    g_mime_parser_set_persist_stream(parser, TRUE);
    GMimeObject *object = g_mime_parser_construct_part(parser, options);
    g_object_unref(parser);
    g_object_unref(stream);
    return object;
}

static inline int mailkeep_gmime_is_multipart(GMimeObject *object) { return GMIME_IS_MULTIPART(object); }

static inline int mailkeep_gmime_child_count(GMimeObject *multipart) {
    return g_mime_multipart_get_count((GMimeMultipart *)multipart);
}

static inline GMimeObject *mailkeep_gmime_child(GMimeObject *multipart, int index) {
    return g_mime_multipart_get_part((GMimeMultipart *)multipart, index);
}

static inline int mailkeep_gmime_has_end(GMimeObject *multipart) {
    return ((GMimeMultipart *)multipart)->write_end_boundary;
}

static inline const char *mailkeep_gmime_prologue(GMimeObject *multipart) {
    return g_mime_multipart_get_prologue((GMimeMultipart *)multipart);
}

static inline const char *mailkeep_gmime_boundary(GMimeObject *multipart) {
    return g_mime_object_get_content_type_parameter(multipart, "boundary");
}

// The value of the first field of this name, folds included.
static inline const char *mailkeep_gmime_field(GMimeObject *object, const char *name) {
    GMimeHeader *header = g_mime_header_list_get_header(g_mime_object_get_header_list(object), name);
    return header ? g_mime_header_get_raw_value(header) : NULL;
}

// Where the last field of a part begins; below zero when it has none.
static inline int64_t mailkeep_gmime_last_field(GMimeObject *object) {
    GMimeHeaderList *headers = g_mime_object_get_header_list(object);
    int count = g_mime_header_list_get_count(headers);
    return count > 0 ? g_mime_header_get_offset(g_mime_header_list_get_header_at(headers, count - 1)) : -1;
}

// Where the content of a part is in what was parsed; false when it has none.
static inline int mailkeep_gmime_content(GMimeObject *part, int64_t *start, int64_t *end) {
    GMimeDataWrapper *content = GMIME_IS_PART(part) ? g_mime_part_get_content((GMimePart *)part) : NULL;
    GMimeStream *stream = content ? g_mime_data_wrapper_get_stream(content) : NULL;
    if (!stream) return 0;
    *start = stream->bound_start;
    *end = stream->bound_end;
    return 1;
}

static inline void mailkeep_gmime_free(GMimeObject *object) { g_object_unref(object); }

// The addr-spec of the only address of a list and where its `@` is; null when it is a group.
static inline const char *mailkeep_gmime_address(InternetAddressList *list, int *at) {
    InternetAddress *address = internet_address_list_get_address(list, 0);
    if (!INTERNET_ADDRESS_IS_MAILBOX(address)) return NULL;
    *at = ((InternetAddressMailbox *)address)->at;
    return ((InternetAddressMailbox *)address)->addr;
}

static inline void mailkeep_gmime_free_addresses(InternetAddressList *list) { g_object_unref(list); }

static inline void mailkeep_gmime_free_parameters(GMimeParamList *list) { g_object_unref(list); }

// Seconds since 1970 of a moment in UTC; false when there is no such day.
static inline int mailkeep_gmime_seconds(int year, int month, int day, int hour, int minute, int64_t *seconds) {
    GDateTime *moment = g_date_time_new_utc(year, month, day, hour, minute, 0);
    if (!moment) return 0;
    *seconds = g_date_time_to_unix(moment);
    g_date_time_unref(moment);
    return 1;
}
