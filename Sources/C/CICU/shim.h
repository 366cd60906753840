#include <stdint.h>
#include <unicode/uvernum.h>

// ICU's own headers define the same C types as the copy of ICU inside Foundation, and no module can import both.
// So its few functions that are needed are declared here, under their versioned names (`ucnv_open_72`), with plain
// types; and as Swift does not see names made by macros, each has an inline function.

// UErrorCode: below zero are warnings, above zero errors.
enum { mailkeep_icu_buffer_overflow = 15 };

extern void *U_ICU_ENTRY_POINT_RENAME(ucnv_open)(const char *, int32_t *);
extern void U_ICU_ENTRY_POINT_RENAME(ucnv_close)(void *);
extern uint16_t U_ICU_ENTRY_POINT_RENAME(ucnv_countAliases)(const char *, int32_t *);
extern int32_t U_ICU_ENTRY_POINT_RENAME(ucnv_toUChars)(
    void *, uint16_t *, int32_t, const char *, int32_t, int32_t *);
extern const void *U_ICU_ENTRY_POINT_RENAME(unorm2_getNFCInstance)(int32_t *);
extern int32_t U_ICU_ENTRY_POINT_RENAME(unorm2_normalize)(
    const void *, const uint16_t *, int32_t, uint16_t *, int32_t, int32_t *);
extern void *U_ICU_ENTRY_POINT_RENAME(usprep_openByType)(int32_t, int32_t *);
extern void U_ICU_ENTRY_POINT_RENAME(usprep_close)(void *);
extern int32_t U_ICU_ENTRY_POINT_RENAME(usprep_prepare)(
    const void *, const uint16_t *, int32_t, uint16_t *, int32_t, int32_t, void *, int32_t *);

static inline void *mailkeep_ucnv_open(const char *name, int32_t *status) {
    return U_ICU_ENTRY_POINT_RENAME(ucnv_open)(name, status);
}

static inline void mailkeep_ucnv_close(void *converter) {
    U_ICU_ENTRY_POINT_RENAME(ucnv_close)(converter);
}

static inline uint16_t mailkeep_ucnv_countAliases(const char *name, int32_t *status) {
    return U_ICU_ENTRY_POINT_RENAME(ucnv_countAliases)(name, status);
}

static inline int32_t mailkeep_ucnv_toUChars(
    void *converter, uint16_t *destination, int32_t capacity, const char *source, int32_t length, int32_t *status
) {
    return U_ICU_ENTRY_POINT_RENAME(ucnv_toUChars)(converter, destination, capacity, source, length, status);
}

static inline const void *mailkeep_unorm2_getNFCInstance(int32_t *status) {
    return U_ICU_ENTRY_POINT_RENAME(unorm2_getNFCInstance)(status);
}

static inline int32_t mailkeep_unorm2_normalize(
    const void *normalizer, const uint16_t *source, int32_t length, uint16_t *destination, int32_t capacity,
    int32_t *status
) {
    return U_ICU_ENTRY_POINT_RENAME(unorm2_normalize)(normalizer, source, length, destination, capacity, status);
}

// USPREP_RFC4013_SASLPREP.
static inline void *mailkeep_usprep_openSASLprep(int32_t *status) {
    return U_ICU_ENTRY_POINT_RENAME(usprep_openByType)(10, status);
}

static inline void mailkeep_usprep_close(void *profile) {
    U_ICU_ENTRY_POINT_RENAME(usprep_close)(profile);
}

// With USPREP_ALLOW_UNASSIGNED.
static inline int32_t mailkeep_usprep_prepare(
    const void *profile, const uint16_t *source, int32_t length, uint16_t *destination, int32_t capacity,
    int32_t *status
) {
    return U_ICU_ENTRY_POINT_RENAME(usprep_prepare)(
        profile, source, length, destination, capacity, 1, (void *)0, status);
}
