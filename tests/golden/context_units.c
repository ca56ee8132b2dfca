/* Lines "VALUE FROM TO GRAMS_PER_MOLE" (tabs between them) on stdin; of each the value in the other
 * unit, "none" where there is no way, or "unknown" where one of them is no unit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context_unit.h"

static void answer(char *fields[4])
{
    struct substance substance = { strtod(fields[3], NULL), 0, false };
    struct unit from, to;
    double converted;

    if (!unit_parse(slice_from(fields[1]), &from) || !unit_parse(slice_from(fields[2]), &to))
        puts("unknown");
    else if (!unit_convert(strtod(fields[0], NULL), &from, &to, &substance, &converted))
        puts("none");
    else
        printf("%.17g\n", converted);
}

int main(void)
{
    char line[512], *fields[4], *rest;

    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        rest = line;
        for (int i = 0; i < 4; i++) {
            fields[i] = strsep(&rest, "\t");
            if (fields[i] == NULL)
                return 2;
        }
        answer(fields);
    }
    return 0;
}
