#include "certificates.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void certificates_open(char folder[64])
{
    const char *parent = getenv("TMPDIR");

    snprintf(folder, 64, "%.40s/certificatesXXXXXX", parent == NULL ? "/tmp" : parent);
    if (mkdtemp(folder) == NULL)
        abort();
}

/* No shell ever sees a name that a test did not write itself. */
__attribute__((format(printf, 1, 2))) static bool run(const char *format, ...)
{
    char command[2048];
    va_list args;

    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    return system(command) == 0;
}

void certificates_remove(const char *folder)
{
    run("rm -rf '%s'", folder);
}

bool certificates_authority(const char *folder, const char *name)
{
    return run("cd '%s' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
               " -keyout %s.key -out %s.crt -days 2 -subj /CN=%s"
               " -addext basicConstraints=critical,CA:TRUE >/dev/null 2>&1",
               folder, name, name, name);
}

bool certificates_leaf(const char *folder, const char *authority, const char *name,
                       const char *names, int days)
{
    return run("cd '%s' && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
               " -keyout %s.key -out %s.csr -subj /CN=%s >/dev/null 2>&1"
               " && echo 'subjectAltName=%s' > %s.ext"
               " && openssl x509 -req -in %s.csr -CA %s.crt -CAkey %s.key -CAcreateserial"
               " -out %s.crt -days %d -extfile %s.ext >/dev/null 2>&1",
               folder, name, name, name, names, name, name, authority, authority, name, days, name);
}

bool certificates_copy(const char *folder, const char *from, const char *to, size_t bytes_max)
{
    if (bytes_max == 0)
        return run("cd '%s' && cp %s %s.new && mv %s.new %s", folder, from, to, to, to);
    return run("cd '%s' && head -c %zu %s > %s.new && mv %s.new %s", folder, bytes_max, from, to,
               to, to);
}

const char *certificates_path(const char *folder, const char *name)
{
    static char paths[4][128];
    static unsigned turn;
    char *path = paths[turn++ % 4];

    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}
