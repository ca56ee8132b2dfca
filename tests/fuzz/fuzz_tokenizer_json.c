/* tokenizer.json: hostile files give a vocabulary that can be used, or an error with words. */
#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "fuzz_target.h"
#include "tokenizer_decode.h"
#include "tokenizer_encode.h"
#include "tokenizer_json.h"

static void use(const struct tokenizer_vocab *vocab)
{
    static const struct slice text = SLICE("a b c abc \xce\xb2-blocker [CLS] 12.5 mg\n");
    struct slice decoded, held;
    struct tokenizer_ids ids;
    struct arena arena;

    arena_init(&arena, 16 * MIB);
    if (tokenizer_encode(vocab, text, true, true, &arena, &ids, NULL) == STATUS_OK) {
        for (size_t i = 0; i < ids.count; i++)
            CHECK(ids.ids[i] < vocab->size);
        CHECK(tokenizer_decode(vocab, ids.ids, ids.count, (struct slice){ 0 }, true, &arena,
                               &decoded, &held, NULL)
              == STATUS_OK);
        CHECK(utf8_is_valid(decoded));
    }
    arena_close(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tokenizer_json_files files = { .tokenizer = slice_of(data, size) };
    struct tokenizer_vocab *vocab = NULL;
    struct tokenizer_parts parts;
    struct error err = { 0 };
    struct arena arena;

    arena_init(&arena, 64 * MIB);
    tokenizer_parts_init(&parts, &arena);
    if (tokenizer_json_read(&files, &parts, &err) == STATUS_OK)
        vocab = tokenizer_vocab_build(&parts, (struct slice){ 0 }, &err);
    arena_close(&arena);
    if (vocab != NULL)
        use(vocab);
    else
        CHECK(err.status != STATUS_OK && err.text[0] != '\0');
    tokenizer_vocab_destroy(vocab);
    return 0;
}
