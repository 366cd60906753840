#include <idn2.h>

// UTS #46 non-transitional processing to A-labels; underscores are left to the caller.
static inline int mailkeep_idn2_to_ascii(const char *domain, char **result) {
    return idn2_to_ascii_8z(domain, result, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
}
