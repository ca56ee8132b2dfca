#include "data.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *data_path(const char *name)
{
    static char path[1024];
    const char *root = getenv("CONSILIUM_DATA");

    snprintf(path, sizeof(path), "%s/%s", root == NULL ? "../shared/data" : root, name);
    if (access(path, R_OK) == 0)
        return path;
    printf("skipped: %s is not there (set CONSILIUM_DATA)\n", name);
    return NULL;
}
