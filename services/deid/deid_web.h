/* What is found by a sign inside of it: mail addresses (also "at ... dot ..."), web addresses,
 * handles. */
#ifndef DEID_WEB_H
#define DEID_WEB_H

#include "deid_scanner.h"

/* In the whole text, around each '@', "://", "www." and "%40". */
void deid_web_scan(struct deid_scanner *scanner);

/* A domain name that begins at token @index ("portal.example.org/u/7"); where it ends, or 0. */
size_t deid_web_scan_domain(struct deid_scanner *scanner, unsigned index);

/* A user name at token @index, made of a person's name and digits: "jsmith42", "ana.brown53". Where
 * it ends, or 0. */
size_t deid_web_scan_user(struct deid_scanner *scanner, unsigned index);

/* "m dot holl at example dot org" around the word "at" or "(at)" at token @index. */
void deid_web_scan_spelt(struct deid_scanner *scanner, unsigned index);

#endif
