// Two tenants on one mesh, by hand: node tests/web/tenants.js [QUERIES] [AT_ONCE]
// Each tenant has patients whose records hold words of its own in names and notes, under the same ids as the other's, and callers with keys. Mixed queries
// by HTTP and gRPC, right ones and ones that try to reach across; any byte of a tenant's words in an answer to the other is told, and the exit status is 1.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const http = require('node:http');
const { Mesh, sample, grpc } = require('../mesh/mesh');

let [queries, atOnce] = [100000, 48].map((usual, i) => Number(process.argv[2 + i] ?? usual));
const PATIENTS = 8;
const TENANTS = {
  north: ['Northquill', 'Frostwick', 'Borealmere', 'hyperborosis'],
  south: ['Southbrand', 'Emberlyn', 'Meridianth', 'australemia'],
};
const other = (tenant) => (tenant === 'north' ? 'south' : 'north');
const counts = {};
process.on('SIGTERM', () => { queries = 0; }); // tell what was seen so far
const leaks = [];

// The sample's patient under a name of the tenant's, with a note and a condition that say it.
function record(tenant, number) {
  const bundle = JSON.parse(sample());
  const [family, given, place, disease] = TENANTS[tenant];
  const patient = bundle.entry.map((e) => e.resource).find((r) => r.resourceType === 'Patient');
  patient.name = [{ family, given: [given] }];
  patient.address = [{ city: place }];
  bundle.entry.push({ resource: { resourceType: 'Condition', id: `own-${number}`, subject: { reference: `Patient/${patient.id}` },
    clinicalStatus: { coding: [{ code: 'active' }] }, code: { text: `Idiopathic ${disease}` }, onsetDateTime: '1990-01-01' } });
  return Buffer.from(JSON.stringify(bundle));
}

const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });

function web(mesh, key, method, path_, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(`${mesh.http}${path_}`, { method, agent, headers: { authorization: `Bearer ${key}`, ...headers, ...(body ? { 'content-length': Buffer.byteLength(body) } : {}) } }, (reply) => {
      let text = '';
      reply.on('data', (piece) => { text += piece; }).on('end', () => resolve({ status: reply.statusCode, text: text + JSON.stringify(reply.headers) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

function rpc(mesh, key, method, request) {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${key}`);
  return new Promise((resolve) => {
    mesh.gateway[method](request, metadata, { deadline: Date.now() + 60000 }, (error, reply) => resolve({ status: error ? `gRPC ${error.code}` : 200, text: error ? error.details : JSON.stringify(reply) }));
  });
}

function rpcAsk(mesh, key, request) {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${key}`);
  return new Promise((resolve) => {
    let text = '';
    mesh.gateway.Ask(request, metadata, { deadline: Date.now() + 60000 }).on('data', (event) => { text += JSON.stringify(event); })
      .on('error', (error) => resolve({ status: `gRPC ${error.code}`, text: text + error.details })).on('end', () => resolve({ status: 200, text }));
  });
}

const chat = (patient, more = {}) => JSON.stringify({ model: 'consilium-demo', patient, max_tokens: 8, messages: [{ role: 'user', content: 'Which conditions does the patient have?' }], ...more });

// What can be asked, and how often of a hundred. @own is the caller's tenant, @p a patient's id that both tenants have.
const KINDS = [
  [34, 'timeline by HTTP', (mesh, key, own, p) => web(mesh, key, 'GET', `/v1/patients/${p}/timeline?page_size=40`)],
  [15, 'timeline by gRPC', (mesh, key, own, p) => rpc(mesh, key, 'GetTimeline', { patient: p, page_size: 40 })],
  [15, '$everything', (mesh, key, own, p) => web(mesh, key, 'GET', `/fhir/Patient/${p}/$everything?_count=40`)],
  [12, 'the other tenant by header', (mesh, key, own, p) => web(mesh, key, 'GET', `/v1/patients/${p}/timeline`, null, { 'x-consilium-tenant': other(own) })],
  [10, 'the other tenant by gRPC', (mesh, key, own, p) => rpc(mesh, key, 'GetTimeline', { tenant: other(own), patient: p })],
  [4, 'models', (mesh, key) => web(mesh, key, 'GET', '/v1/models')],
  [4, 'a patient of nobody', (mesh, key, own) => web(mesh, key, 'GET', `/v1/patients/${other(own)}%2Fp1/timeline`)],
  [2, 'a question', (mesh, key, own, p) => web(mesh, key, 'POST', '/v1/chat/completions', chat(p))],
  [1, 'a streamed question', (mesh, key, own, p) => web(mesh, key, 'POST', '/v1/chat/completions', chat(p, { stream: true }))],
  [1, 'a question by gRPC', (mesh, key, own, p) => rpcAsk(mesh, key, { patient: p, question: 'Which conditions does the patient have?', tokens_max: 8 })],
  [1, 'a question across', (mesh, key, own, p) => rpcAsk(mesh, key, { tenant: other(own), patient: p, question: 'Who is this?', tokens_max: 8 })],
  [1, 'a record put again', (mesh, key, own, p) => web(mesh, key, 'POST', `/fhir/Bundle?patient=${p}`, record(own, Number(p.slice(1))), { 'content-type': 'application/fhir+json' })],
];

let seed = 12345;
const random = (below) => { seed = (Math.imul(seed, 1103515245) + 12345) >>> 0; return (seed >>> 8) % below; };

function choose() {
  let at = random(100);
  return KINDS.find(([share]) => (at -= share) < 0);
}

async function one(world) {
  const own = random(2) ? 'north' : 'south', key = world[own].key, [, name, run] = choose();
  const { status, text } = await run(world.mesh, key, own, `p${1 + random(PATIENTS)}`).catch((error) => ({ status: error.code, text: '' }));
  const count = (counts[name] ??= { asked: 0, statuses: {}, own: 0 });
  count.asked++;
  count.statuses[status] = (count.statuses[status] ?? 0) + 1;
  if (TENANTS[own].some((word) => text.includes(word))) count.own++;
  for (const word of TENANTS[other(own)]) if (text.includes(word)) leaks.push({ name, own, word, status });
}

async function makeKey(mesh, ...words) {
  const { stdout } = await mesh.exec(path.join(mesh.bin, 'consilium'), ['access', '--json', 'key', ...words]);
  return JSON.parse(stdout);
}

async function main() {
  const mesh = await Mesh.create(), world = { mesh };
  const file = path.join(mesh.folder, 'access.json');
  for (const tenant of Object.keys(TENANTS)) world[tenant] = await makeKey(mesh, `${tenant}-app`, tenant, 'ask,put,restore');
  fs.writeFileSync(file, JSON.stringify({ keys: [world.north.entry, world.south.entry] }));
  mesh.env.MESH_FLAGS_gateway = `--access-file=${file}`;
  mesh.env.CONSILIUM_TOKEN_FILE = path.join(mesh.folder, 'token');
  fs.writeFileSync(mesh.env.CONSILIUM_TOKEN_FILE, world.north.key, { mode: 0o600 });
  await mesh.up();
  let done = 0;
  try {
    for (const tenant of Object.keys(TENANTS)) {
      for (let i = 1; i <= PATIENTS; i++) await web(mesh, world[tenant].key, 'POST', `/fhir/Bundle?patient=p${i}`, record(tenant, i), { 'content-type': 'application/fhir+json' });
    }
    const worker = async () => {
      while (done < queries) {
        done++;
        if (done % 5000 === 0) console.log(`${new Date().toISOString()} ${done} queries, ${leaks.length} answers with a word of the other`);
        await one(world);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  } finally {
    agent.destroy();
    await mesh.down();
  }
  for (const [name, { asked, statuses, own }] of Object.entries(counts)) console.log(`${name}: ${asked} asked, ${JSON.stringify(statuses)}, ${own} with words of the caller's own tenant`);
  console.log(`${done} queries of two tenants: ${leaks.length} answers with a word of the other`);
  for (const leak of leaks.slice(0, 10)) console.log(JSON.stringify(leak));
  process.exit(leaks.length ? 1 : 0);
}

main();
