/* Lines over two axes, as SVG that stands in an HTML page and needs nothing else. */
#ifndef LOAD_PLOT_H
#define LOAD_PLOT_H

#include <stdbool.h>

#include "base/buffer.h"

#define LOAD_PLOT_LINES_MAX 16

struct load_plot_line {
    const char *name;
    const double *x, *y; /* [count]; a y below 0 is left out */
    unsigned count;
};

struct load_plot {
    const char *title, *x_name, *y_name;
    bool is_log_x, is_log_y; /* values of 0 and below are left out then */
    struct load_plot_line lines[LOAD_PLOT_LINES_MAX];
    unsigned lines_count;
    /* Where they are set: words for the marks of the x axis, at @marks_x. */
    const char *const *marks;
    const double *marks_x;
    unsigned marks_count;
};

/* A plot without a point to draw writes nothing. */
void load_plot_write(const struct load_plot *plot, struct buffer *out);

#endif
