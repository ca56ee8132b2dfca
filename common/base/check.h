/* CHECK: for what only our own bug could make false. Always on; a failed CHECK ends the process.
 * Input from outside gets a struct error instead. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

/* Print file, line and @expression (never a value) to stderr and abort. Any thread. */
_Noreturn void check_failed(const char *expression, const char *file, int line);

#define CHECK(expression) ((expression) ? (void)0 : check_failed(#expression, __FILE__, __LINE__))

#endif
