#include "contract/methods.h"

#define METHOD(service, verb, kind_, repeatable, request_, reply_)                                 \
    {                                                                                              \
        .path = "/consilium.v1." service "/" verb, .name = service "." verb,                       \
        .kind = METHOD_KIND_##kind_, .is_repeatable = repeatable,                                  \
        .request = &consilium__v1__##request_##__descriptor,                                       \
        .reply = &consilium__v1__##reply_##__descriptor,                                           \
    }

const struct method method_deid_redact =
    METHOD("Deid", "Redact", UNARY, true, redact_request, redact_reply);
const struct method method_deid_inspect =
    METHOD("Deid", "Inspect", UNARY, true, inspect_request, inspect_reply);
const struct method method_deid_restore =
    METHOD("Deid", "Restore", UNARY, true, restore_request, restore_reply);
const struct method method_deid_redact_stream =
    METHOD("Deid", "RedactStream", BIDI_STREAM, false, redact_stream_request, redact_stream_reply);

const struct method method_context_put =
    METHOD("Context", "Put", UNARY, true, put_request, put_reply);
const struct method method_context_recall =
    METHOD("Context", "Recall", UNARY, true, recall_request, recall_reply);
const struct method method_context_assemble =
    METHOD("Context", "Assemble", UNARY, true, assemble_request, assemble_reply);
const struct method method_context_assemble_many = METHOD(
    "Context", "AssembleMany", SERVER_STREAM, false, assemble_many_request, assemble_many_reply);
const struct method method_context_names =
    METHOD("Context", "Names", UNARY, true, names_request, names_reply);
const struct method method_context_timeline =
    METHOD("Context", "Timeline", UNARY, true, timeline_request, timeline_reply);
const struct method method_context_resources =
    METHOD("Context", "Resources", UNARY, true, resources_request, resources_reply);
const struct method method_context_forget =
    METHOD("Context", "Forget", UNARY, true, forget_context_request, forget_context_reply);

const struct method method_tokenizer_encode =
    METHOD("Tokenizer", "Encode", UNARY, true, encode_request, encode_reply);
const struct method method_tokenizer_decode =
    METHOD("Tokenizer", "Decode", UNARY, true, decode_request, decode_reply);
const struct method method_tokenizer_count =
    METHOD("Tokenizer", "Count", UNARY, true, count_request, count_reply);
const struct method method_tokenizer_encode_batch =
    METHOD("Tokenizer", "EncodeBatch", UNARY, true, encode_batch_request, encode_batch_reply);
const struct method method_tokenizer_truncate =
    METHOD("Tokenizer", "Truncate", UNARY, true, truncate_request, truncate_reply);
const struct method method_tokenizer_apply_template =
    METHOD("Tokenizer", "ApplyTemplate", UNARY, true, apply_template_request, apply_template_reply);
const struct method method_tokenizer_get_vocabulary =
    METHOD("Tokenizer", "GetVocabulary", UNARY, true, get_vocabulary_request, get_vocabulary_reply);

const struct method method_inference_generate =
    METHOD("Inference", "Generate", SERVER_STREAM, false, generate_request, generate_reply);
const struct method method_inference_score =
    METHOD("Inference", "Score", UNARY, true, score_request, score_reply);
const struct method method_inference_embed =
    METHOD("Inference", "Embed", UNARY, true, embed_request, embed_reply);
const struct method method_inference_get_model =
    METHOD("Inference", "GetModel", UNARY, true, get_model_request, get_model_reply);

const struct method method_gateway_put_record =
    METHOD("Gateway", "PutRecord", CLIENT_STREAM, true, put_record_request, put_record_reply);
const struct method method_gateway_ask =
    METHOD("Gateway", "Ask", SERVER_STREAM, false, ask_request, ask_event);
const struct method method_gateway_ask_many =
    METHOD("Gateway", "AskMany", SERVER_STREAM, false, ask_many_request, ask_many_event);
const struct method method_gateway_get_timeline =
    METHOD("Gateway", "GetTimeline", UNARY, true, get_timeline_request, get_timeline_reply);
const struct method method_gateway_get_resources =
    METHOD("Gateway", "GetResources", UNARY, true, get_resources_request, get_resources_reply);
const struct method method_gateway_forget =
    METHOD("Gateway", "Forget", UNARY, true, forget_request, forget_reply);
const struct method method_gateway_list_models =
    METHOD("Gateway", "ListModels", UNARY, true, list_models_request, list_models_reply);
const struct method method_gateway_embed =
    METHOD("Gateway", "Embed", UNARY, true, embed_texts_request, embed_texts_reply);
