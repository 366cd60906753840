#include <curl/curl.h>
#include <string.h>

// Swift sees no functions with variable arguments: what sends one mail is an inline function.

// One mail, and where and how it is sent.
struct mailkeep_mail {
    const char *url;
    // A file of certificates that are trusted in place of the system's; null for those.
    const char *ca_file;
    // Null without a sign-in.
    const char *username;
    const char *password;
    const char *from;
    const char *to;
    // Plain text up to STARTTLS, and never onwards without it.
    int starts_tls;
    long connect_seconds;
    long seconds;
    const char *bytes;
    size_t length;
    size_t sent;
    // Ends the transfer when it is not zero any more.
    const int *is_cancelled;
};

static inline size_t mailkeep_mail_read(char *buffer, size_t size, size_t count, void *context) {
    struct mailkeep_mail *mail = (struct mailkeep_mail *)context;
    size_t length = mail->length - mail->sent;
    if (length > size * count) length = size * count;
    memcpy(buffer, mail->bytes + mail->sent, length);
    mail->sent += length;
    return length;
}

static inline int mailkeep_mail_progress(
    void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up
) {
    return __atomic_load_n(((struct mailkeep_mail *)context)->is_cancelled, __ATOMIC_RELAXED) != 0;
}

static inline void mailkeep_mail_cancel(int *is_cancelled) { __atomic_store_n(is_cancelled, 1, __ATOMIC_RELAXED); }

static inline void mailkeep_curl_init(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

// Sends a mail, and waits until the server has taken it.
//
// status: what the server said last, 0 where it said nothing.
static inline CURLcode mailkeep_mail_send(struct mailkeep_mail *mail, long *status) {
    CURL *curl = curl_easy_init();
    if (!curl) return CURLE_FAILED_INIT;
    struct curl_slist *to = curl_slist_append(NULL, mail->to);
    curl_easy_setopt(curl, CURLOPT_URL, mail->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    // Neither the environment's proxy nor its .netrc.
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, mail->connect_seconds);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, mail->seconds);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (mail->starts_tls) curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    if (mail->ca_file) curl_easy_setopt(curl, CURLOPT_CAINFO, mail->ca_file);
    if (mail->username) curl_easy_setopt(curl, CURLOPT_USERNAME, mail->username);
    if (mail->password) curl_easy_setopt(curl, CURLOPT_PASSWORD, mail->password);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, mail->from);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, mailkeep_mail_read);
    curl_easy_setopt(curl, CURLOPT_READDATA, mail);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, mailkeep_mail_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, mail);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    CURLcode result = curl_easy_perform(curl);
    *status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    curl_slist_free_all(to);
    curl_easy_cleanup(curl);
    return result;
}
