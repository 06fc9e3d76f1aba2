#define _GNU_SOURCE
#include <sys/xattr.h>

#include "CFluster/spawn.h"

bool fl_is_delegated(const char *directory) {
    char value = 0;
    return (getxattr(directory, "user.delegate", &value, 1) == 1 && value == '1') ||
           (getxattr(directory, "trusted.delegate", &value, 1) == 1 && value == '1');
}
