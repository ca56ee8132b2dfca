#include "load_plot.h"

#include <math.h>

#define WIDTH 640.0
#define HEIGHT 320.0
#define LEFT 64.0
#define RIGHT 12.0
#define TOP 34.0
#define BOTTOM 46.0
#define TICKS 5

struct axis {
    double low, high; /* of the values, or of their logarithms */
    bool is_log;
};

static const char *const colours[] = { "#1f6feb", "#d29922", "#2da44e", "#cf222e",
                                       "#8250df", "#0a7ea4", "#bf3989", "#57606a" };
#define COLOURS (sizeof(colours) / sizeof(colours[0]))

static double on_axis(const struct axis *axis, double value)
{
    return axis->is_log ? log10(value) : value;
}

static bool is_drawn(const struct load_plot *plot, double x, double y)
{
    return y >= 0 && (!plot->is_log_x || x > 0) && (!plot->is_log_y || y > 0);
}

static void stretch(struct axis *axis, double value)
{
    double at = on_axis(axis, value);

    if (at < axis->low)
        axis->low = at;
    if (at > axis->high)
        axis->high = at;
}

/* The axes that hold every point; false: there is none. */
static bool fit(const struct load_plot *plot, struct axis *x, struct axis *y)
{
    bool any = false;
    unsigned i, j;

    *x = (struct axis){ INFINITY, -INFINITY, plot->is_log_x };
    *y = (struct axis){ plot->is_log_y ? INFINITY : 0, -INFINITY, plot->is_log_y };
    for (i = 0; i < plot->lines_count; i++)
        for (j = 0; j < plot->lines[i].count; j++)
            if (is_drawn(plot, plot->lines[i].x[j], plot->lines[i].y[j])) {
                stretch(x, plot->lines[i].x[j]);
                stretch(y, plot->lines[i].y[j]);
                any = true;
            }
    if (x->high - x->low < 1e-9)
        x->high = x->low + 1;
    if (y->is_log) {
        y->low = floor(y->low);
        y->high = ceil(y->high);
    }
    if (y->high - y->low < 1e-9)
        y->high = y->low + 1;
    return any;
}

static double place_x(const struct axis *axis, double value)
{
    return LEFT
           + (on_axis(axis, value) - axis->low) / (axis->high - axis->low) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const struct axis *axis, double value)
{
    return HEIGHT - BOTTOM
           - (on_axis(axis, value) - axis->low) / (axis->high - axis->low)
                 * (HEIGHT - TOP - BOTTOM);
}

static double step_of(double span)
{
    double step = pow(10, floor(log10(span / TICKS)));

    if (span / step > 5 * TICKS)
        return step * 10;
    if (span / step > 2 * TICKS)
        return step * 5;
    return span / step > TICKS ? step * 2 : step;
}

static void mark_y(const struct axis *axis, double value, struct buffer *out)
{
    double y = place_y(axis, value);

    buffer_format(
        out,
        "<line class=\"grid\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\"/><text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">%g</text>",
        LEFT, WIDTH - RIGHT, y, y, LEFT - 6, y + 4, value);
}

static void mark_x(const struct axis *axis, double value, const char *word, struct buffer *out)
{
    double x = place_x(axis, value);

    buffer_format(out, "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">", x,
                  HEIGHT - BOTTOM + 18);
    if (word != NULL)
        buffer_put_string(out, word);
    else
        buffer_format(out, "%g", value);
    buffer_put_string(out, "</text>");
}

static void put_marks(const struct load_plot *plot, const struct axis *x, const struct axis *y,
                      struct buffer *out)
{
    double step, value;
    unsigned i;

    if (y->is_log)
        for (value = y->low; value <= y->high; value++)
            mark_y(y, pow(10, value), out);
    else
        for (step = step_of(y->high - y->low), value = ceil(y->low / step) * step; value <= y->high;
             value += step)
            mark_y(y, value, out);
    for (i = 0; i < plot->marks_count; i++)
        if (on_axis(x, plot->marks_x[i]) >= x->low - 1e-9
            && on_axis(x, plot->marks_x[i]) <= x->high + 1e-9)
            mark_x(x, plot->marks_x[i], plot->marks[i], out);
    if (plot->marks_count == 0 && !x->is_log)
        for (step = step_of(x->high - x->low), value = ceil(x->low / step) * step; value <= x->high;
             value += step)
            mark_x(x, value, NULL, out);
}

static void put_line(const struct load_plot *plot, unsigned index, const struct axis *x,
                     const struct axis *y, struct buffer *out)
{
    const struct load_plot_line *line = &plot->lines[index];
    const char *colour = colours[index % COLOURS];
    unsigned i;

    buffer_format(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" points=\"",
                  colour);
    for (i = 0; i < line->count; i++)
        if (is_drawn(plot, line->x[i], line->y[i]))
            buffer_format(out, "%.1f,%.1f ", place_x(x, line->x[i]), place_y(y, line->y[i]));
    buffer_format(out, "\"/><text x=\"%.0f\" y=\"%.0f\" fill=\"%s\">%s</text>",
                  LEFT + 8 + 150.0 * (index % 4), TOP - 4 + 12.0 * (index / 4), colour, line->name);
}

void load_plot_write(const struct load_plot *plot, struct buffer *out)
{
    struct axis x, y;
    unsigned i;

    if (!fit(plot, &x, &y))
        return;
    buffer_format(
        out,
        "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\"><title>%s</title><text class=\"title\" x=\"%.0f\" y=\"14\">%s</text>",
        WIDTH, HEIGHT, plot->title, LEFT, plot->title);
    put_marks(plot, &x, &y, out);
    for (i = 0; i < plot->lines_count; i++)
        put_line(plot, i, &x, &y, out);
    buffer_format(
        out,
        "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"end\">%s</text><text x=\"4\" y=\"%.0f\">%s</text></svg>\n",
        WIDTH - RIGHT, HEIGHT - 8, plot->x_name, TOP - 20, plot->y_name);
}
