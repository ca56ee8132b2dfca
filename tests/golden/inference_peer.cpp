// llama.cpp's side of inference_exact.sh and inference_speed.sh, through its C API.
//
//     inference_peer FILE THREADS logits ID...                         a line for each id of the vocabulary
//     inference_peer FILE THREADS embed ID...                          an encoder's vector, a line for each value
//     inference_peer FILE THREADS quantize OUT TYPE                    TYPE: a number of llama_ftype; every matrix becomes that type
//     inference_peer FILE THREADS bench PROMPT ANSWER [SEQUENCES]      ids a second, medians of five
//
// GGML_DIR: the folder of its libraries. ADAPTER: a LoRA adapter's file, for logits.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "ggml-backend.h"
#include "llama.h"

static double now()
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static void tell_errors(ggml_log_level level, const char *text, void *)
{
    if (level >= GGML_LOG_LEVEL_ERROR)
        fputs(text, stderr);
}

static int print_logits(llama_context *context, int vocabulary, std::vector<llama_token> ids)
{
    if (llama_decode(context, llama_batch_get_one(ids.data(), (int)ids.size())) != 0)
        return 1;
    const float *logits = llama_get_logits_ith(context, -1);
    for (int i = 0; i < vocabulary; i++)
        printf("%.9g\n", (double)logits[i]);
    return 0;
}

static int print_embedding(llama_context *context, const llama_model *model, std::vector<llama_token> ids)
{
    llama_batch batch = llama_batch_init((int)ids.size(), 0, 1);
    batch.n_tokens = (int)ids.size();
    for (size_t i = 0; i < ids.size(); i++) {
        batch.token[i] = ids[i];
        batch.pos[i] = (int)i;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i] = 1;
    }
    if (llama_encode(context, batch) != 0)
        return 1;
    const float *values = llama_get_embeddings_seq(context, 0);
    for (int i = 0; i < llama_model_n_embd(model); i++)
        printf("%.9g\n", (double)values[i]);
    llama_batch_free(batch);
    return 0;
}

static int quantize(const char *from, const char *to, int threads, int type)
{
    llama_model_quantize_params params = llama_model_quantize_default_params();
    params.nthread = threads;
    params.ftype = (llama_ftype)type;
    params.pure = true;
    return (int)llama_model_quantize(from, to, &params);
}

static int add_adapter(llama_context *context, llama_model *model, const char *path)
{
    llama_adapter_lora *adapter = llama_adapter_lora_init(model, path);
    float scale = 1;
    return adapter == nullptr ? 1 : llama_set_adapters_lora(context, &adapter, 1, &scale);
}

static double run_prompt(llama_context *context, std::vector<llama_token> &ids)
{
    llama_memory_clear(llama_get_memory(context), true);
    double start = now();
    llama_decode(context, llama_batch_get_one(ids.data(), (int)ids.size()));
    llama_synchronize(context);
    return (double)ids.size() / (now() - start);
}

static double run_answers(llama_context *context, const std::vector<llama_token> &ids, int answer,
                          int sequences)
{
    int from = sequences == 1 ? (int)ids.size() : 0;
    llama_batch batch = llama_batch_init(sequences, 0, 1);

    if (sequences > 1)
        llama_memory_clear(llama_get_memory(context), true);
    double start = now();
    for (int at = from; at < from + answer; at++) {
        batch.n_tokens = sequences;
        for (int i = 0; i < sequences; i++) {
            batch.token[i] = ids[(size_t)at % ids.size()];
            batch.pos[i] = at;
            batch.n_seq_id[i] = 1;
            batch.seq_id[i][0] = i;
            batch.logits[i] = 1;
        }
        llama_decode(context, batch);
        llama_synchronize(context);
    }
    double rate = (double)answer * sequences / (now() - start);
    llama_batch_free(batch);
    return rate;
}

static double median(std::vector<double> rates)
{
    std::sort(rates.begin(), rates.end());
    return rates[rates.size() / 2];
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    bool is_bench = strcmp(argv[3], "bench") == 0, is_embed = strcmp(argv[3], "embed") == 0;
    int prompt = is_bench ? atoi(argv[4]) : argc - 4, answer = is_bench ? atoi(argv[5]) : 0;
    int sequences = is_bench && argc > 6 ? atoi(argv[6]) : 1;
    double start = now();

    llama_log_set(tell_errors, nullptr);
    ggml_backend_load_all_from_path(getenv("GGML_DIR"));
    if (strcmp(argv[3], "quantize") == 0)
        return argc < 6 ? 2 : quantize(argv[1], argv[4], atoi(argv[2]), atoi(argv[5]));
    llama_model *model = llama_model_load_from_file(argv[1], llama_model_default_params());
    if (model == nullptr)
        return 1;
    llama_context_params params = llama_context_default_params();
    params.n_ctx = (uint32_t)((prompt + answer + 255) / 256 * 256 * sequences);
    params.n_batch = params.n_ubatch = 512;
    params.n_seq_max = (uint32_t)sequences;
    params.n_threads = params.n_threads_batch = atoi(argv[2]);
    if (!is_bench) {
        params.type_k = params.type_v = GGML_TYPE_F32;
        params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    }
    params.embeddings = is_embed;
    llama_context *context = llama_init_from_model(model, params);
    if (context == nullptr)
        return 1;
    int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    double loaded = now() - start;
    std::vector<llama_token> ids((size_t)prompt);
    for (int i = 0; i < prompt; i++)
        ids[(size_t)i] = is_bench ? (int)((long)i * 7919 % vocabulary) : atoi(argv[4 + i]);
    if (is_embed)
        return print_embedding(context, model, ids);
    if (getenv("ADAPTER") != nullptr && add_adapter(context, model, getenv("ADAPTER")) != 0)
        return 1;
    if (!is_bench)
        return print_logits(context, vocabulary, ids);
    std::vector<double> prompts, answers;
    run_prompt(context, ids);
    double first = now() - start;
    for (int i = 0; i < 5; i++) {
        prompts.push_back(run_prompt(context, ids));
        answers.push_back(run_answers(context, ids, answer, sequences));
    }
    printf("{\"peer\":\"llama.cpp\",\"threads\":%s,\"load_s\":%.3f,\"first_s\":%.3f,\"prompt_ids_per_s\":%.1f,"
           "\"sequences\":%d,\"answer_ids_per_s\":%.1f}\n",
           argv[2], loaded, first, median(prompts), sequences, median(answers));
    return 0;
}
