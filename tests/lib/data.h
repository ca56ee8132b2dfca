/* Where tests find data that the repository does not hold. */
#ifndef DATA_H
#define DATA_H

/* The path of @name under $CONSILIUM_DATA, or under ../shared/data of the source tree; NULL (and a
 * line that says so) when it is not there, and then the test skips. Static memory, overwritten by
 * the next call. */
const char *data_path(const char *name);

#endif
