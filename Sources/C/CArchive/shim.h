#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

// libarchive converts names by the locale, and in that of a program which sets none it has no name for one that is
// marked as UTF-8. It is the calling thread's for the time of a call; null leaves the thread's own.
static inline locale_t mailkeep_archive_utf8(void) { return newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0); }

static inline void mailkeep_archive_end_utf8(locale_t utf8) {
    if (utf8) freelocale(utf8);
}

static inline int mailkeep_archive_next_header(struct archive *archive, struct archive_entry **entry, locale_t utf8) {
    locale_t before = uselocale(utf8);
    int result = archive_read_next_header(archive, entry);
    uselocale(before);
    return result;
}

// The name of an entry, valid until the next one; null where it cannot be read.
static inline const char *mailkeep_archive_pathname(struct archive_entry *entry, locale_t utf8) {
    locale_t before = uselocale(utf8);
    const char *name = archive_entry_pathname(entry);
    if (!name) name = archive_entry_pathname_utf8(entry);
    uselocale(before);
    return name;
}

// The name of the earlier entry that a hard link stands for, valid until the next one; null where it is none.
static inline const char *mailkeep_archive_hardlink(struct archive_entry *entry, locale_t utf8) {
    locale_t before = uselocale(utf8);
    const char *name = archive_entry_hardlink(entry);
    if (!name) name = archive_entry_hardlink_utf8(entry);
    uselocale(before);
    return name;
}
