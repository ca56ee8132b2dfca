// The SDK `openai`, unmodified, against a mesh of real processes: OpenAI's paths and Azure's.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const { default: OpenAI, AzureOpenAI } = require('openai');
const { Mesh, sample } = require('../mesh/mesh');
const { Skip } = require('../mesh/run');

const MODEL = 'consilium-demo';
const TENANT = { 'x-consilium-tenant': 'test' };
const QUESTION = 'Is the patient allergic to anything?';
const ask = (more = {}) => ({ model: MODEL, messages: [{ role: 'user', content: QUESTION }], ...more });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// A metric of one service, summed over its series.
async function metric(mesh, service, name) {
  const text = await (await fetch(`${mesh.admin(service)}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith(name) && /^[ {]/.test(line.slice(name.length)))
    .reduce((sum, line) => sum + Number(line.split(' ').pop()), 0);
}

async function until(what, seconds = 20) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(50)) if (await what()) return true;
  return false;
}

// The ids that end an answer, made all but impossible: a plain chat goes on to its limit (an answer about a patient ends with its sentences).
async function endless(mesh) {
  const tokenizer = mesh.stub('Tokenizer');
  const { stop_ids } = await mesh.call(tokenizer, 'ApplyTemplate', { turns: [{ role: 'user', content: 'x' }], add_generation_prompt: true });
  tokenizer.close();
  return { logit_bias: Object.fromEntries(stop_ids.map((id) => [String(id), -100])), max_tokens: 500 };
}

async function collect(stream) {
  const seen = { text: '', chunks: [], citations: [], usage: undefined, finish: undefined };
  for await (const chunk of stream) {
    seen.chunks.push(chunk);
    seen.text += chunk.choices[0]?.delta?.content ?? '';
    seen.finish = chunk.choices[0]?.finish_reason ?? seen.finish;
    seen.usage = chunk.usage ?? seen.usage;
    seen.citations.push(...(chunk.consilium?.citations ?? []));
  }
  return seen;
}

async function rejects(promise, type, check = () => {}) {
  const error = await promise.then(() => undefined, (e) => e);
  assert.ok(error instanceof type, `${error?.constructor?.name}: ${error?.message}`);
  check(error);
  return error;
}

module.exports = {
  async before(world) {
    world.mesh = await Mesh.create({ MESH_FLAGS_gateway: '--http-models=dep1,gpt-4o' });
    await world.mesh.up();
    await world.mesh.put('p1', sample());
    world.base = world.mesh.http;
    world.openai = new OpenAI({ baseURL: `${world.base}/openai/v1/`, apiKey: 'k', maxRetries: 0, defaultHeaders: TENANT });
  },
  async after(world) { await world.mesh?.down(); },
  tests: {
    async 'openai: models are listed and found'({ openai }) {
      const list = [];
      for await (const model of openai.models.list()) list.push(model);
      assert.deepEqual(list.map((m) => m.id), [MODEL]);
      assert.match(list[0].consilium.digest, /^[0-9a-f]{64}$/);
      assert.equal((await openai.models.retrieve(MODEL)).object, 'model');
      await rejects(openai.models.retrieve('none/such'), OpenAI.NotFoundError, (e) => assert.equal(e.code, 'model_not_found'));
    },

    async 'openai: an answer about a patient comes with its facts, citations and the digest of the model'({ openai }) {
      const answer = await openai.chat.completions.create(ask({ patient: 'p1' }));
      const [choice] = answer.choices;
      assert.equal(answer.object, 'chat.completion');
      assert.match(answer._request_id, /^[0-9a-f]{32}$/);
      assert.match(choice.message.content, /Penicillin/);
      assert.equal(choice.finish_reason, 'stop');
      assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
      assert.ok(answer.usage.completion_tokens > 0);
      assert.match(answer.consilium.model_digest, /^[0-9a-f]{64}$/);
      const [citation] = choice.consilium.citations;
      const fact = answer.consilium.facts.find((f) => f.id === citation.fact_id);
      assert.equal(citation.known, true);
      assert.equal(fact.reference, citation.reference);
      assert.equal(choice.message.content.slice(citation.start, citation.end), `[${citation.fact_id}]`);
    },

    async 'openai: a stream gives the same answer in pieces, and its usage last'({ openai }) {
      const whole = await openai.chat.completions.create(ask({ patient: 'p1' }));
      const seen = await collect(await openai.chat.completions.create(ask({
        patient: 'p1', stream: true, stream_options: { include_usage: true } })));
      assert.equal(seen.text, whole.choices[0].message.content);
      assert.equal(seen.finish, 'stop');
      assert.deepEqual(seen.citations, whole.choices[0].consilium.citations);
      assert.deepEqual(seen.chunks[0].consilium.facts, whole.consilium.facts);
      assert.equal(seen.chunks.at(-1).choices.length, 0);
      assert.equal(seen.usage.completion_tokens, whole.usage.completion_tokens);
      assert.ok(seen.chunks.length > 3);
    },

    async 'openai: the helper that accumulates a stream ends with the whole answer'({ openai }) {
      const stream = openai.chat.completions.stream(ask({ patient: 'p1' }));
      assert.match(await stream.finalContent(), /Penicillin/);
    },

    async 'openai: what is said of nobody in the record is redacted on the way in, and in no log'({ mesh, openai }) {
      const answer = await openai.chat.completions.create({ model: MODEL, max_tokens: 20, messages: [
        { role: 'system', content: 'Answer in a word.' },
        { role: 'user', content: 'I am Jonathan Smithers, MRN 48151623.' },
        { role: 'assistant', content: 'Hello, Mr. Smithers.' },
        { role: 'user', content: [{ type: 'text', text: 'Am I Jonathan Smithers?' }] },
      ] });
      assert.doesNotMatch(answer.consilium.question, /Jonathan|Smithers/);
      assert.deepEqual(answer.consilium.facts, []);
      assert.equal(typeof answer.choices[0].message.content, 'string');
      for (const name of fs.readdirSync(mesh.folder).filter((n) => n.endsWith('.log'))) {
        assert.doesNotMatch(fs.readFileSync(mesh.log(name.slice(0, -4)), 'utf8'), /Jonathan|Smithers|48151623/, name);
      }
    },

    async 'openai: a bundle can come along with the question'({ openai }) {
      const answer = await openai.chat.completions.create(ask({ patient: JSON.parse(sample()) }));
      assert.match(answer.choices[0].message.content, /Penicillin/);
      assert.ok(answer.consilium.facts.length > 3);
    },

    async 'openai: earlier turns are part of the prompt'({ openai }) {
      const alone = await openai.chat.completions.create(ask({ patient: 'p1', facts_tokens: 100 }));
      const later = await openai.chat.completions.create({ model: MODEL, patient: 'p1', facts_tokens: 100, messages: [
        { role: 'user', content: 'What medication is the patient taking?' },
        { role: 'assistant', content: 'Lisinopril 20 mg [3].' },
        { role: 'user', content: QUESTION },
      ] });
      assert.ok(later.usage.prompt_tokens > alone.usage.prompt_tokens);
    },

    async 'openai: several answers, a limit, a stop, a seed'({ openai }) {
      const several = await openai.chat.completions.create(ask({ patient: 'p1', n: 3, temperature: 1, seed: 7 }));
      assert.deepEqual(several.choices.map((c) => c.index), [0, 1, 2]);
      const again = await openai.chat.completions.create(ask({ patient: 'p1', n: 3, temperature: 1, seed: 7 }));
      assert.deepEqual(again.choices.map((c) => c.message.content), several.choices.map((c) => c.message.content));
      const short = await openai.chat.completions.create(ask({ patient: 'p1', max_completion_tokens: 2 }));
      assert.equal(short.choices[0].finish_reason, 'length');
      assert.equal(short.usage.completion_tokens, 2);
      const stopped = await openai.chat.completions.create(ask({ patient: 'p1', stop: ['icill'] }));
      assert.match(stopped.choices[0].message.content, /Pen$/);
      assert.equal(stopped.choices[0].finish_reason, 'stop');
    },

    async 'openai: an answer can be held to a schema'({ openai }) {
      const { consilium } = await openai.models.retrieve(MODEL);
      if (!consilium.takes_constraints) throw new Skip('the engine takes no constraints');
      const answer = await openai.chat.completions.create({ model: MODEL, max_tokens: 200,
        messages: [{ role: 'user', content: 'Name a drug.' }],
        response_format: { type: 'json_schema', json_schema: { name: 'drug', strict: true, schema: {
          type: 'object', properties: { known: { type: 'boolean' }, kind: { enum: ['drug', 'food'] } },
          required: ['known', 'kind'], additionalProperties: false } } } });
      const value = JSON.parse(answer.choices[0].message.content);
      assert.equal(typeof value.known, 'boolean');
      assert.ok(['drug', 'food'].includes(value.kind));
    },

    async 'openai: errors have the classes and codes of their cause'({ openai }) {
      await rejects(openai.chat.completions.create(ask({ model: 'nope' })), OpenAI.NotFoundError,
        (e) => assert.equal(e.code, 'model_not_found'));
      await rejects(openai.chat.completions.create(ask({ patient: 'nobody' })), OpenAI.NotFoundError,
        (e) => { assert.equal(e.code, 'patient_not_found'); assert.equal(e.param, 'patient'); });
      const bad = { temperature: 3, n: 0, messages: [], max_tokens: -1, stop: [1], patient: 7, logit_bias: { x: 1 },
        logprobs: 1, top_logprobs: 3, stream: 'yes', response_format: { type: 'xml' }, tools: [{ type: 'function' }] };
      for (const [param, value] of Object.entries(bad)) {
        await rejects(openai.chat.completions.create(ask({ [param]: value })), OpenAI.BadRequestError,
          (e) => { assert.equal(e.param, param); assert.ok(e.requestID); assert.equal(e.type, 'invalid_request_error'); });
      }
      await rejects(openai.embeddings.create({ model: MODEL, input: 'x' }), OpenAI.BadRequestError,
        (e) => assert.equal(e.code, 'OperationNotSupported'));
      await rejects(openai.post('/nothing/here', { body: {} }), OpenAI.NotFoundError);
      await rejects(openai.chat.completions.create(ask({ stream: true, patient: 'nobody' })), OpenAI.NotFoundError);
      const image = { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] };
      await rejects(openai.chat.completions.create({ model: MODEL, messages: [image] }), OpenAI.BadRequestError);
    },

    async 'openai: log-probabilities spell the answer with its surrogates'({ openai }) {
      const body = ask({ patient: 'p1', logprobs: true, top_logprobs: 3, keep_surrogates: true });
      const whole = await openai.chat.completions.create(body);
      const spell = (tokens) => Buffer.concat(tokens.map((token) => Buffer.from(token.bytes))).toString();
      const { content } = whole.choices[0].logprobs;
      assert.equal(spell(content).trim(), whole.choices[0].message.content.trim());
      for (const token of content) {
        assert.ok(token.logprob <= 0 && token.top_logprobs.length === 3);
        assert.deepEqual(token.top_logprobs[0], { token: token.token, logprob: token.logprob, bytes: token.bytes }); // greedy
        assert.ok(token.top_logprobs[0].logprob >= token.top_logprobs[1].logprob);
      }
      const seen = await collect(await openai.chat.completions.create({ ...body, stream: true }));
      assert.deepEqual(seen.chunks.flatMap((chunk) => chunk.choices[0]?.logprobs?.content ?? []), content);
      const final = await openai.chat.completions.stream({ ...body }).finalChatCompletion();
      assert.deepEqual(final.choices[0].logprobs.content, content);
      const two = await openai.chat.completions.create({ ...body, n: 2, top_logprobs: 0 });
      for (const choice of two.choices) assert.ok(choice.logprobs.content.every((token) => token.top_logprobs.length === 0));
      assert.equal((await openai.chat.completions.create(ask({ patient: 'p1' }))).choices[0].logprobs, null);
    },

    async 'openai: the likeliest tokens are in order, as many as asked for, one of them sampled, in chat and in responses'({ openai }) {
      const check = (tokens, count) => {
        assert.ok(tokens.length > 0);
        for (const { token, logprob, top_logprobs: top } of tokens) {
          assert.equal(top.length, count);
          assert.equal(new Set(top.map((one) => String(one.bytes))).size, count);
          for (let i = 1; i < count; i++) assert.ok(top[i - 1].logprob >= top[i].logprob);
          assert.ok(top.reduce((sum, one) => sum + Math.exp(one.logprob), 0) <= 1.0001);
          const sampled = top.find((one) => one.token === token && one.logprob === logprob);
          assert.ok(sampled || logprob <= top.at(-1).logprob, 'what was sampled is among them, or less likely than all');
          for (const one of top) assert.deepEqual(Buffer.from(one.bytes).toString(), one.token);
        }
      };
      for (const count of [1, 5, 20]) {
        const hot = await openai.chat.completions.create(ask({ logprobs: true, top_logprobs: count, temperature: 1.5, seed: 7, max_tokens: 8 }));
        check(hot.choices[0].logprobs.content, count);
        const response = await openai.responses.create({ model: MODEL, input: QUESTION, top_logprobs: count, include: ['message.output_text.logprobs'], max_output_tokens: 16 });
        check(response.output[0].content[0].logprobs, count);
      }
      for (const more of [{ logprobs: true, top_logprobs: 21 }, { logprobs: true, top_logprobs: -1 }, { top_logprobs: 2 }]) {
        await rejects(openai.chat.completions.create(ask(more)), OpenAI.BadRequestError, ({ param }) => assert.equal(param, 'top_logprobs'));
      }
    },

    async 'openai: log-probabilities never show what was restored'({ openai }) {
      const body = ask({ messages: [{ role: 'user', content: 'My patient Jonathan Quillfeather has fever.' }], logprobs: true, top_logprobs: 20 });
      const answer = await openai.chat.completions.create(body);
      assert.ok(!JSON.stringify(answer.choices[0].logprobs).includes('Quillfeather'));
    },

    async 'openai: responses tell log-probabilities where they are included'({ openai }) {
      const body = { model: MODEL, patient: 'p1', input: QUESTION, include: ['message.output_text.logprobs'], top_logprobs: 2 };
      const whole = await openai.responses.create(body);
      const [{ logprobs }] = whole.output[0].content;
      assert.ok(logprobs.length > 2 && logprobs.every((token) => token.top_logprobs.length === 2));
      const seen = [];
      for await (const event of await openai.responses.create({ ...body, stream: true })) seen.push(event);
      assert.deepEqual(seen.filter((e) => e.type === 'response.output_text.delta').flatMap((e) => e.logprobs), logprobs);
    },

    async 'openai: responses, whole and streamed'({ openai, base }) {
      const body = { model: MODEL, patient: 'p1', instructions: 'Be brief.', input: QUESTION };
      const whole = await openai.responses.create(body);
      assert.equal(whole.status, 'completed');
      assert.match(whole.output_text, /Penicillin/);
      assert.ok(whole.usage.output_tokens > 0);
      assert.ok(whole.consilium.facts.length > 0);
      const seen = [];
      for await (const event of await openai.responses.create({ ...body, stream: true })) seen.push(event);
      assert.deepEqual(seen.map((e) => e.sequence_number), seen.map((_, i) => i));
      assert.equal(seen[0].type, 'response.created');
      assert.equal(seen.filter((e) => e.type === 'response.output_text.delta').map((e) => e.delta).join(''), whole.output_text);
      assert.equal(seen.at(-1).type, 'response.completed');
      assert.equal(seen.at(-1).response.output[0].content[0].text, whole.output_text);
      assert.deepEqual(seen.flatMap((e) => e.consilium?.citations ?? []), whole.consilium.citations);
      assert.match((await openai.responses.stream(body).finalResponse()).output_text, /Penicillin/);
      const short = await openai.responses.create({ ...body, max_output_tokens: 2 });
      assert.equal(short.status, 'incomplete');
      assert.equal(short.incomplete_details.reason, 'max_output_tokens');
      await rejects(openai.responses.create({ ...body, previous_response_id: 'resp_1' }), OpenAI.BadRequestError,
        (e) => assert.equal(e.param, 'previous_response_id'));
      const azure = new AzureOpenAI({ endpoint: base, apiKey: 'k', apiVersion: '2025-03-01-preview', maxRetries: 0, defaultHeaders: TENANT });
      assert.match((await azure.responses.create({ ...body, input: [{ role: 'user', content: QUESTION }] })).output_text, /Penicillin/);
    },

    async 'openai: a client that breaks off a stream stops the engine'({ mesh, openai }) {
      const long = await endless(mesh);
      const before = await metric(mesh, 'inference', 'inference_generated_tokens_total');
      const stream = await openai.chat.completions.create(ask({ stream: true, ...long }));
      for await (const chunk of stream) if (chunk.choices[0]?.delta?.content) break;
      stream.controller.abort();
      assert.ok(await until(async () => await metric(mesh, 'inference', 'inference_requests_running') === 0));
      const made = await metric(mesh, 'inference', 'inference_generated_tokens_total') - before;
      assert.ok(made < 400, `${made} tokens`);
      assert.ok(await until(async () => await metric(mesh, 'gateway', 'gateway_http_calls') === 0));
    },

    async 'openai: a client that goes before the first word stops the engine'({ mesh, openai }) {
      const long = await endless(mesh);
      const controller = new AbortController();
      const asked = openai.chat.completions.create(ask(long), { signal: controller.signal });
      setTimeout(() => controller.abort(), 60);
      await rejects(asked, OpenAI.APIUserAbortError);
      assert.ok(await until(async () => await metric(mesh, 'gateway', 'gateway_http_calls') === 0));
      assert.ok(await until(async () => await metric(mesh, 'inference', 'inference_requests_running') === 0));
    },

    async 'azure: by deployment, by model, with a key and with a token'({ base }) {
      const apiVersion = '2024-10-21';
      const body = ask({ patient: 'p1' });
      const clients = [
        new AzureOpenAI({ endpoint: base, apiKey: 'k', apiVersion, deployment: 'dep1', maxRetries: 0, defaultHeaders: TENANT }),
        new AzureOpenAI({ endpoint: base, apiKey: 'k', apiVersion, maxRetries: 0, defaultHeaders: TENANT }),
        new AzureOpenAI({ endpoint: base, azureADTokenProvider: async () => 't', apiVersion, deployment: 'gpt-4o', maxRetries: 0, defaultHeaders: TENANT }),
      ];
      for (const client of clients) {
        const answer = await client.chat.completions.create(body);
        assert.match(answer.choices[0].message.content, /Penicillin/);
        const seen = await collect(await client.chat.completions.create({ ...body, stream: true }));
        assert.equal(seen.text, answer.choices[0].message.content);
      }
      const list = await clients[0].models.list();
      assert.equal(list.data[0].id, MODEL);
      const other = new AzureOpenAI({ endpoint: base, apiKey: 'k', apiVersion, deployment: 'none', maxRetries: 0, defaultHeaders: TENANT });
      await rejects(other.chat.completions.create(body), OpenAI.NotFoundError, (e) => assert.equal(e.code, 'DeploymentNotFound'));
    },
  },
};
