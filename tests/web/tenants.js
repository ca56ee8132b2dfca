// Two tenants on one mesh, by hand: node tests/web/tenants.js [QUERIES] [AT_ONCE]
// Both have patients of the same ids. Every name, place and disease of a tenant's records holds a root that no other text has, and both have callers with
// keys. Mixed queries by HTTP and gRPC, right ones and ones that reach across; every byte of every reply, head, body and what its stream spells, is looked
// through for the other tenant's roots. One that is found is told, and the exit status is 1. The audit log of it all is verified at the end.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const net = require('node:net');
const { Mesh, sample, grpc } = require('../mesh/mesh');

let [queries, atOnce] = [1000000, 64].map((usual, i) => Number(process.argv[2 + i] ?? usual));
const PATIENTS = 8;
const ROOTS = { north: ['northquill', 'frostwick', 'borealmere', 'hyperboros'], south: ['southbrand', 'emberlyn', 'meridianth', 'australem'] };
const other = (tenant) => (tenant === 'north' ? 'south' : 'north');
const counts = {};
const leaks = [];
const began = Date.now();
process.on('SIGTERM', () => { queries = 0; }); // tell what was seen so far

const capital = (word) => word[0].toUpperCase() + word.slice(1);

// The sample's patient under names of the tenant's, with a condition that says one too.
function record(tenant, number) {
  const bundle = JSON.parse(sample());
  const [family, given, place, disease] = ROOTS[tenant].map((root) => capital(root + 'abcdefghij'[number]));
  const patient = bundle.entry.map((e) => e.resource).find((r) => r.resourceType === 'Patient');
  patient.name = [{ family, given: [given] }];
  patient.address = [{ city: place }];
  bundle.entry.splice(1, 0, { resource: { resourceType: 'Condition', id: `own-${number}`, subject: { reference: `Patient/${patient.id}` },
    clinicalStatus: { coding: [{ code: 'active' }] }, code: { text: `Idiopathic ${disease}osis` }, onsetDateTime: '1990-01-01',
    note: [{ text: `${given} ${family} of ${place} was seen for it.` }] } });
  return Buffer.from(JSON.stringify(bundle));
}

// A client of HTTP/1.1 of our own, because Node's costs more than the server: connections that wait for their next request, and replies read whole.
const idle = [];

function connect(mesh) {
  const socket = net.connect(Number(new URL(mesh.http).port), '127.0.0.1'), connection = { socket, pieces: [], size: 0 };
  socket.setNoDelay(true);
  socket.on('data', (piece) => {
    connection.pieces.push(piece);
    connection.size += piece.length;
    if (connection.size < connection.needed) return;
    const bytes = connection.pieces.length === 1 ? piece : Buffer.concat(connection.pieces);
    connection.pieces = [bytes];
    const reply = connection.settle && read(bytes, connection);
    if (reply) done(connection, connection.settle.resolve, reply);
  });
  const lost = (error) => { socket.destroy(); connection.settle?.reject(error ?? Object.assign(new Error('closed'), { code: 'ECLOSED' })); };
  socket.on('error', lost).on('close', () => lost());
  return connection;
}

function done(connection, resolve, reply) {
  Object.assign(connection, { settle: null, pieces: [], size: 0, needed: 0 });
  if (/\r\nconnection: *close/i.test(reply.text)) connection.socket.destroy();
  if (!connection.socket.destroyed) idle.push(connection);
  resolve(reply);
}

// The reply, when it is whole: its status, and its head and body as they came; of a stream also what its pieces spell.
function read(bytes, connection) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = bytes.latin1Slice(0, end), status = Number(head.slice(9, 12)), length = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (length || status === 204) {
    connection.needed = end + 4 + Number(length?.[1] ?? 0);
    return bytes.length < connection.needed ? null : { status, text: bytes.latin1Slice() };
  }
  const body = unchunk(bytes, end + 4);
  if (body === null) return null;
  return { status, text: head + body + (/\r\ncontent-type: text\/event-stream/i.test(head) ? spell(body) : '') };
}

function unchunk(bytes, at) {
  for (let body = ''; ;) {
    const line = bytes.indexOf('\r\n', at), size = line < 0 ? 0 : parseInt(bytes.latin1Slice(at, line), 16);
    if (line < 0 || line + size + 4 > bytes.length) return null;
    if (size === 0) return body;
    body += bytes.latin1Slice(line + 2, line + 2 + size);
    at = line + size + 4;
  }
}

function web(mesh, key, method, path_, body, headers = {}) {
  return new Promise((resolve, reject) => {
    let connection = idle.pop();
    while (connection?.socket.destroyed) connection = idle.pop();
    connection ??= connect(mesh);
    connection.settle = { resolve, reject };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const size = body ? `content-length: ${Buffer.byteLength(body)}\r\n` : '';
    connection.socket.write(`${method} ${path_} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${key}\r\n${lines}${size}\r\n`);
    if (body) connection.socket.write(body);
  });
}

function spell(stream) {
  const events = stream.split('\n').filter((line) => line.startsWith('data: {')).map((line) => JSON.parse(line.slice(6)));
  return events.map((event) => event.choices?.[0]?.delta?.content ?? (typeof event.delta === 'string' ? event.delta : '')).join('');
}

function metadata(key) {
  const shown = new grpc.Metadata();
  shown.set('authorization', `Bearer ${key}`);
  return shown;
}

const soon = () => ({ deadline: Date.now() + 60000 });

function rpc(mesh, key, method, request) {
  return new Promise((resolve) => {
    mesh.gateway[method](request, metadata(key), soon(), (error, reply) => resolve({ status: error ? `gRPC ${error.code}` : 200, text: error ? error.details : JSON.stringify(reply) }));
  });
}

function rpcStream(mesh, key, method, request) {
  return new Promise((resolve) => {
    let text = '', spelt = '';
    mesh.gateway[method](request, metadata(key), soon())
      .on('data', (event) => { text += JSON.stringify(event); spelt += (event.answer ?? event).text ?? ''; })
      .on('error', (error) => resolve({ status: `gRPC ${error.code}`, text: text + spelt + error.details }))
      .on('end', () => resolve({ status: 200, text: text + spelt }));
  });
}

const WHAT = 'Which conditions does the patient have?';
const chat = (patient, more = {}) => JSON.stringify({ model: 'consilium-demo', patient, max_tokens: 8, messages: [{ role: 'user', content: WHAT }], ...more });
const put = (mesh, key, own, p) => web(mesh, key, 'POST', `/fhir/Bundle?patient=${p}`, record(own, Number(p.slice(1))), { 'content-type': 'application/fhir+json' });
const size = () => 1 + random(8);

// What can be asked, and how often of ten thousand. @own is the caller's tenant, @p a patient's id that both tenants have.
const KINDS = [
  [1800, 'timeline by HTTP', (mesh, key, own, p) => web(mesh, key, 'GET', `/v1/patients/${p}/timeline?page_size=${size()}`)],
  [800, 'timeline by gRPC', (mesh, key, own, p) => rpc(mesh, key, 'GetTimeline', { patient: p, page_size: size() })],
  [400, 'timeline asked', (mesh, key, own, p) => rpc(mesh, key, 'GetTimeline', { patient: p, page_size: 5, question: { verb: 'TIMELINE_VERB_ACTIVE', what: 'conditions' } })],
  [1500, '$everything', (mesh, key, own, p) => web(mesh, key, 'GET', `/fhir/Patient/${p}/$everything?_count=${size()}${random(4) ? '' : '&restore=true'}`)],
  [1500, 'the other tenant by header', (mesh, key, own, p) => web(mesh, key, 'GET', `/v1/patients/${p}/timeline`, null, { 'x-consilium-tenant': other(own) })],
  [900, 'the other tenant by gRPC', (mesh, key, own, p) => rpc(mesh, key, 'GetTimeline', { tenant: other(own), patient: p })],
  [600, 'a question across by HTTP', (mesh, key, own, p) => web(mesh, key, 'POST', '/v1/chat/completions', chat(p), { 'x-consilium-tenant': other(own) })],
  [300, 'a question across by gRPC', (mesh, key, own, p) => rpcStream(mesh, key, 'Ask', { tenant: other(own), patient: p, question: WHAT, tokens_max: 8 })],
  [150, 'a record put across', (mesh, key, own, p) => web(mesh, key, 'POST', `/fhir/Bundle?patient=${p}`, '{}', { 'x-consilium-tenant': other(own) })],
  [150, 'a record forgotten across', (mesh, key, own, p) => web(mesh, key, 'DELETE', `/fhir/Patient/${p}`, null, { 'x-consilium-tenant': other(own) })],
  [800, 'a patient of nobody', (mesh, key, own, p) => web(mesh, key, 'GET', `/v1/patients/${other(own)}%2F${p}/timeline`)],
  [600, 'a patient under the other\'s name', (mesh, key, own, p) => web(mesh, key, 'GET', `/fhir/Patient/${p}-${other(own)}/$everything`)],
  [440, 'models', (mesh, key) => web(mesh, key, 'GET', '/v1/models')],
  [18, 'a question', (mesh, key, own, p) => web(mesh, key, 'POST', '/v1/chat/completions', chat(p))],
  [9, 'a streamed question', (mesh, key, own, p) => web(mesh, key, 'POST', '/v1/chat/completions', chat(p, { stream: true }))],
  [4, 'a plain chat that names its own', (mesh, key, own) => web(mesh, key, 'POST', '/v1/chat/completions', JSON.stringify({ model: 'consilium-demo', max_tokens: 8, stream: true, messages: [{ role: 'user', content: `${capital(ROOTS[own][1])} ${capital(ROOTS[own][0])} has a fever.` }] }))],
  [4, 'a streamed response', (mesh, key, own, p) => web(mesh, key, 'POST', '/v1/responses', JSON.stringify({ model: 'consilium-demo', patient: p, max_output_tokens: 8, input: WHAT, stream: true }))],
  [9, 'a question by gRPC', (mesh, key, own, p) => rpcStream(mesh, key, 'Ask', { patient: p, question: WHAT, tokens_max: 8 })],
  [1, 'one question, all patients', (mesh, key) => rpcStream(mesh, key, 'AskMany', { patients: ['p1', 'p2', 'p3', 'p4', 'p5'], question: WHAT, tokens_max: 8 })],
  [10, 'a record put again', put],
  [5, 'a record forgotten and put again', async (mesh, key, own, p) => { await web(mesh, key, 'DELETE', `/fhir/Patient/${p}`); return put(mesh, key, own, p); }],
];
const SHARES = KINDS.reduce((sum, [share]) => sum + share, 0);

let seed = 12345;
const random = (below) => { seed = (Math.imul(seed, 1103515245) + 12345) >>> 0; return (seed >>> 8) % below; };

function choose() {
  let at = random(SHARES);
  return KINDS.find(([share]) => (at -= share) < 0);
}

async function one(world) {
  const own = random(2) ? 'north' : 'south', key = world[own].key, [, name, run] = choose();
  const { status, text } = await run(world.mesh, key, own, `p${1 + random(PATIENTS)}`).catch((error) => ({ status: error.code, text: '' }));
  const count = (counts[name] ??= { asked: 0, bytes: 0, statuses: {}, own: 0 }), lower = text.toLowerCase();
  count.asked++;
  count.bytes += text.length;
  count.statuses[status] = (count.statuses[status] ?? 0) + 1;
  if (ROOTS[own].some((root) => lower.includes(root))) count.own++;
  for (const root of ROOTS[other(own)]) if (lower.includes(root)) leaks.push({ name, own, root, status });
}

async function makeKey(mesh, ...words) {
  const { stdout } = await mesh.exec(path.join(mesh.bin, 'consilium'), ['access', '--json', 'key', ...words]);
  return JSON.parse(stdout);
}

function tell(done) {
  const seconds = (Date.now() - began) / 1000;
  console.log(`${new Date().toISOString()} ${done} queries, ${Math.round(done / seconds)} a second, ${leaks.length} replies with a word of the other tenant's`);
}

async function main() {
  const mesh = await Mesh.create(), world = { mesh };
  const file = path.join(mesh.folder, 'access.json');
  for (const tenant of Object.keys(ROOTS)) world[tenant] = await makeKey(mesh, `${tenant}-app`, tenant, 'ask,put,restore');
  fs.writeFileSync(file, JSON.stringify({ keys: [world.north.entry, world.south.entry] }));
  mesh.env.MESH_FLAGS_gateway = `--access-file=${file}`;
  mesh.env.CONSILIUM_TOKEN_FILE = path.join(mesh.folder, 'token');
  fs.writeFileSync(mesh.env.CONSILIUM_TOKEN_FILE, world.north.key, { mode: 0o600 });
  await mesh.up();
  let done = 0;
  try {
    for (const tenant of Object.keys(ROOTS)) for (let i = 1; i <= PATIENTS; i++) await put(mesh, world[tenant].key, tenant, `p${i}`);
    const worker = async () => {
      while (done < queries) {
        if (++done % 50000 === 0) tell(done);
        await one(world);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    const { status, stdout, stderr } = await mesh.exec(path.join(mesh.bin, 'consilium'), ['audit', 'verify', path.join(mesh.folder, 'audit')]);
    console.log(`audit verify: ${status}, ${(stdout + stderr).trim()}`);
  } finally {
    for (const { socket } of idle) socket.destroy();
    await mesh.down();
  }
  for (const [name, { asked, bytes, statuses, own }] of Object.entries(counts)) {
    console.log(`${name}: ${asked} asked, ${JSON.stringify(statuses)}, ${Math.round(bytes / 1024)} KiB, ${own} with words of the caller's own tenant`);
  }
  tell(done);
  for (const leak of leaks.slice(0, 10)) console.log(JSON.stringify(leak));
  process.exit(leaks.length ? 1 : 0);
}

main();
