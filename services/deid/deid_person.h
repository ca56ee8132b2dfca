/* Whose name a written name is: the people of a map by the forms in which they were met, indexed so
 * that a record with thousands of people costs a few look-ups a name. The index is made in the
 * map's arena when a name is asked for first, and follows the map from then on. Used by
 * deid_surrogate alone. */
#ifndef DEID_PERSON_H
#define DEID_PERSON_H

#include "deid_map.h"

#define DEID_PERSON_PATIENT 0 /* the number of the patient; others are over it */

struct deid_person {
    uint32_t number;
    uint32_t forms; /* in which the person was met so far */
    bool is_known;  /* else it is somebody new, and the rest says nothing */
};

/* The person that @name, which is no entry of @map, is a form of: all the words of one are in the
 * other (an initial stands for a word), and a whole word is shared; a name of several words is that
 * person's by each whole name that the person has. The one who came first; of very many who could
 * be meant only the first are looked at. RESOURCE_EXHAUSTED: no room. */
enum status deid_person_find(struct deid_map *map, struct slice name, struct deid_person *person,
                             struct error *err);

/* The patient, whatever the name. */
enum status deid_person_patient(struct deid_map *map, struct deid_person *person,
                                struct error *err);

/* The person @number and, where one of the forms is @name to the byte, its entry in the map; else
 * *@entry is NULL. It holds until the next add. */
enum status deid_person_form(struct deid_map *map, uint32_t number, struct slice name,
                             struct deid_person *person, struct deid_entry **entry,
                             struct error *err);

#endif
