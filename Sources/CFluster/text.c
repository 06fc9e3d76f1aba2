#define _GNU_SOURCE
#include "CFluster/text.h"

#include <locale.h>
#include <pthread.h>
#include <wchar.h>

static locale_t utf8;

static void find_locale(void) { utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0); }

int fl_columns(uint32_t scalar) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_locale);
    if (!utf8) return -1;
    locale_t former = uselocale(utf8);
    int columns = wcwidth((wchar_t)scalar);
    uselocale(former);
    return columns;
}
