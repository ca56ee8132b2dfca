/* The claims of an answer, and the subject of a question. */
#include "question_parts.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

void question_claim_open(struct question *question, const char *format, ...)
{
    struct buffer *claims = &question->claims;
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buffer_put_string(claims, question->claim_count++ == 0 ? "{\"text\":" : ",{\"text\":");
    buffer_put_json(claims, slice_from(text));
    buffer_put_string(claims, ",\"evidence\":[");
}

void question_claim_prove_by(struct question *question, struct slice reference)
{
    struct buffer *claims = &question->claims;

    if (claims->data[claims->size - 1] != '[')
        buffer_put_byte(claims, ',');
    buffer_put_json(claims, reference);
}

void question_claim_prove(struct question *question, char letter, unsigned index)
{
    struct buffer *claims = &question->claims;

    if (claims->data[claims->size - 1] != '[')
        buffer_put_byte(claims, ',');
    buffer_put_byte(claims, '"');
    bundle_write_reference(question->record, letter, index, claims);
    buffer_put_byte(claims, '"');
    question_note_unseen(question, letter, index);
}

void question_claim_close(struct question *question)
{
    buffer_put_string(&question->claims, "]}");
}

void question_subject(struct question *question, const char *subject)
{
    snprintf(question->subject, sizeof(question->subject), "%s", subject);
}

/* The subject as people write it within a sentence: lower case, unless it is an abbreviation or a
 * name. */
void question_subject_in_sentence(struct question *question, const char *subject)
{
    question_subject(question, subject);
    if (isupper((unsigned char)subject[0]) && islower((unsigned char)subject[1])
        && chance_happens(question->chance, 0.7))
        question->subject[0] = (char)tolower((unsigned char)subject[0]);
}

bool question_decline(struct question *question)
{
    question_claim_open(question, "%s", QUESTION_UNANSWERABLE);
    question_claim_close(question);
    return true;
}
