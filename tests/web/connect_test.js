// gRPC-Web by a client of somebody else's, unmodified: npm's @connectrpc/connect-node, by HTTP/1.1 and 2, with the methods read from the protos.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { Code, ConnectError, createClient } = require('@connectrpc/connect');
const { createGrpcWebTransport } = require('@connectrpc/connect-node');
const { createFileRegistry, fromBinary } = require('@bufbuild/protobuf');
const { FileDescriptorSetSchema } = require('@bufbuild/protobuf/wkt');
const { Mesh, PROTO, sample, SAMPLE_QUESTION } = require('../mesh/mesh');

// The service as protoc describes it.
function gateway(folder) {
  const file = path.join(folder, 'gateway.pb');
  execFileSync('protoc', [`--proto_path=${PROTO}`, '--include_imports', `--descriptor_set_out=${file}`, path.join(PROTO, 'consilium/v1/gateway.proto')]);
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, fs.readFileSync(file))).getService('consilium.v1.Gateway');
}

const refused = (promise) => promise.then(() => assert.fail('it was not refused'), (error) => ConnectError.from(error).code);
async function read(stream) {
  const events = [];
  for await (const { event } of stream) events.push(event);
  return events;
}

module.exports = {
  async before(world) {
    world.mesh = await Mesh.create();
    const service = gateway(world.mesh.folder);
    await world.mesh.up();
    await world.mesh.put('p1', sample());
    world.clients = ['1.1', '2'].map((httpVersion) => createClient(service, createGrpcWebTransport({ baseUrl: world.mesh.http, httpVersion, useBinaryFormat: true })));
  },
  async after(world) { await world.mesh?.down(); },
  tests: {
    async 'connect: a question streams what it streams by gRPC'({ mesh, clients }) {
      const wanted = (await mesh.ask('p1', SAMPLE_QUESTION));
      for (const client of clients) {
        const events = await read(client.ask({ tenant: 'test', patient: 'p1', question: SAMPLE_QUESTION }));
        assert.deepEqual([events[0].case, events.at(-1).case], ['started', 'done']);
        assert.equal(events.filter((event) => event.case === 'text').map((event) => event.value).join(''), wanted.text);
        assert.ok(events.at(-1).value.citationsKnown > 0);
      }
    },
    async 'connect: one reply, and a record as FHIR'({ clients }) {
      for (const client of clients) {
        assert.equal((await client.listModels({})).models.length, 1);
        const page = await client.getTimeline({ tenant: 'test', patient: 'p1', pageSize: 3 });
        assert.equal(page.facts.length, 3);
        assert.notEqual(page.nextPageToken, '');
        const bundle = JSON.parse(Buffer.from((await client.getResources({ tenant: 'test', patient: 'p1', pageSize: 2, baseUrl: 'https://here/fhir' })).bundle).toString());
        assert.equal(bundle.entry.length, 2);
        assert.match(bundle.entry[0].fullUrl, /^(urn:uuid:|https:\/\/here\/fhir\/)/);
      }
    },
    async 'connect: statuses are theirs, and a stream that nobody reads on ends'({ mesh, clients }) {
      for (const client of clients) {
        assert.equal(await refused(client.getTimeline({ tenant: 'test', patient: 'nobody' })), Code.NotFound);
        assert.equal(await refused(read(client.ask({ tenant: 'test', patient: 'nobody', question: 'x' }))), Code.NotFound);
        assert.equal(await refused(client.getTimeline({ tenant: 'test', patient: '' })), Code.InvalidArgument);
        const abort = new AbortController();
        const stream = client.ask({ tenant: 'test', patient: 'p1', question: SAMPLE_QUESTION }, { signal: abort.signal });
        await stream[Symbol.asyncIterator]().next();
        abort.abort();
      }
      for (let tries = 0; ; tries++) {
        const metrics = await (await fetch(`${mesh.admin('gateway')}/metrics`)).text();
        if (/^gateway_http_calls 0$/m.test(metrics)) break;
        assert.ok(tries < 100, 'calls are left');
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  },
};
