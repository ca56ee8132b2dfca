// The command by the gateway's door of HTTP: what each verb says there is what it says by gRPC. With TLS and keys, as a hospital has it.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');
const { Mesh, sample, spawn, execFileSync, SAMPLE_QUESTION } = require('../mesh/mesh');

const GATEWAY = '/consilium.v1.Gateway';
const frame = (bytes, kind = 0) => { const head = Buffer.alloc(5, kind); head.writeUInt32BE(bytes.length, 1); return Buffer.concat([head, bytes]); };

async function makeKey(mesh, ...words) {
  const { stdout } = await mesh.exec(path.join(mesh.bin, 'consilium'), ['access', '--json', 'key', ...words]);
  return JSON.parse(stdout);
}

// What differs from one run to the next, taken out.
function steady(lines) {
  const drop = new Set(['timings', 'usage', 'traceId', 'trace_id']);
  return lines.trim().split('\n').map((line) => JSON.parse(line, (key, value) => (drop.has(key) ? undefined : value)));
}

const texts = (events) => events.map((event) => (event.answer ?? event).text ?? '').join('');

module.exports = {
  async before(world) {
    const mesh = (world.mesh = await Mesh.create());
    const { folder } = mesh;
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=gateway',
      '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', path.join(folder, 'http.key'), '-out', path.join(folder, 'http.crt')], { stdio: 'ignore' });
    const file = (name, text) => { fs.writeFileSync(path.join(folder, name), text, { mode: 0o600 }); return path.join(folder, name); };
    const [all, asker] = [await makeKey(mesh, 'all', 'north', 'ask,put,restore'), await makeKey(mesh, 'asker', 'north', 'ask')];
    world.all = file('all', all.key);
    world.asker = file('asker', asker.key);
    world.record = file('record.json', sample());
    mesh.env.MESH_FLAGS_gateway = `--http-tls-certificate=${folder}/http.crt --http-tls-key=${folder}/http.key --access-file=${file('access.json', JSON.stringify({ keys: [all.entry, asker.entry] }))}`;
    await mesh.up();
    world.base = mesh.http.replace('http:', 'https:');
    world.key = all.key;
    world.run = (verb, ...words) => mesh.exec(path.join(mesh.bin, 'consilium'), [verb, `--tls-authority=${folder}/http.crt`, `--gateway=${world.base}`, ...words]);
    world.web = (verb, ...words) => world.run(verb, `--token-file=${world.all}`, ...words);
    world.grpc = (verb, ...words) => mesh.consilium(verb, `--token-file=${world.all}`, ...words);
    world.post = (method, body, headers = {}) => new Promise((resolve, reject) => {
      const request = https.request(`${world.base}${GATEWAY}/${method}`, { method: 'POST', ca: fs.readFileSync(path.join(folder, 'http.crt')),
        headers: { authorization: `Bearer ${all.key}`, 'content-type': 'application/grpc-web+proto', ...headers } }, (reply) => {
        const pieces = [];
        reply.on('data', (piece) => pieces.push(piece)).on('end', () => resolve({ status: reply.statusCode, headers: reply.headers, text: Buffer.concat(pieces).toString('latin1') }));
      });
      request.on('error', reject);
      request.end(body);
    });
  },
  async after(world) { await world.mesh?.down(); },
  tests: {
    async 'door: put says by HTTP what it says by gRPC'({ web, grpc, record }) {
      const one = await web('put', '--json', record, '--patient=p1'), two = await grpc('put', '--json', record, '--patient=p2');
      assert.equal(one.status, 0, one.stderr);
      assert.deepEqual(steady(one.stdout), steady(two.stdout));
    },
    async 'door: ask streams the same events, ask --many those of every patient'({ web, grpc }) {
      const one = await web('ask', '--json', 'p1', SAMPLE_QUESTION), two = await grpc('ask', '--json', 'p1', SAMPLE_QUESTION);
      assert.equal(one.status, 0, one.stderr);
      assert.equal(texts(steady(one.stdout)), texts(steady(two.stdout)));
      assert.ok(texts(steady(one.stdout)).length > 10);
      assert.deepEqual(steady(one.stdout).filter((e) => e.citation), steady(two.stdout).filter((e) => e.citation));
      const many = await web('ask', '--many', SAMPLE_QUESTION, 'p1', 'p2', 'nobody');
      assert.equal(many.status, 0, many.stderr);
      assert.match(many.stdout, /2 answered, 1 failed/);
    },
    async 'door: timelines, page after page, and their answers'({ web, grpc }) {
      for (const words of [['--page-size=40'], ['--ask=latest 4548-4; count conditions']]) {
        const one = await web('timeline', '--json', 'p1', ...words), two = await grpc('timeline', '--json', 'p1', ...words);
        assert.equal(one.status, 0, one.stderr);
        assert.equal(one.stdout, two.stdout);
      }
    },
    async 'door: eval puts and asks there'({ web, mesh }) {
      const folder = fs.mkdtempSync(path.join(mesh.folder, 'eval-'));
      const made = await mesh.exec(path.join(mesh.bin, 'synthpop'), ['--patients=1', '--seed=7', `--out=${folder}`]);
      if (made.status !== 0) throw new Error(made.stderr);
      const { status, stdout, stderr } = await web('eval', folder, '--questions=2');
      assert.equal(status, 0, stderr);
      assert.match(stdout, /2/);
    },
    async 'door: status tells the gateway and its model'({ web }) {
      const { status, stdout } = await web('status');
      assert.equal(status, 0);
      assert.match(stdout, /SERVING[^]*consilium-demo/);
    },
    async 'door: forget forgets, and then there is nothing'({ web }) {
      assert.match((await web('forget', 'p2')).stdout, /^forgotten/);
      assert.match((await web('forget', 'p2')).stdout, /nothing to forget/);
      const asked = await web('ask', 'p2', SAMPLE_QUESTION);
      assert.equal(asked.status, 3);
      assert.match(asked.stderr, /NOT_FOUND/);
    },
    async 'door: who shows nothing, too little or a wrong key is refused, by the same statuses'({ run, web, asker, mesh, record }) {
      const home = { ...mesh.env, HOME: mesh.folder, XDG_CONFIG_HOME: '' };
      const as = (...words) => Object.assign(Object.create(mesh), { env: home }).exec(path.join(mesh.bin, 'consilium'), words);
      const nobody = await as('forget', `--tls-authority=${mesh.folder}/http.crt`, `--gateway=${mesh.http.replace('http:', 'https:')}`, 'p1');
      assert.equal(nobody.status, 5);
      assert.match(nobody.stderr, /UNAUTHENTICATED/);
      const denied = await run('put', `--token-file=${asker}`, record, '--patient=p9');
      assert.equal(denied.status, 5);
      assert.match(denied.stderr, /PERMISSION_DENIED/);
      const across = await web('timeline', '--tenant=south', 'p1');
      assert.match(across.stderr, /PERMISSION_DENIED/);
    },
    async 'door: login keeps the key for this door too'({ mesh, key, base }) {
      const env = { ...mesh.env, HOME: path.join(mesh.folder, 'home'), XDG_CONFIG_HOME: '' };
      const as = (input, ...words) => Object.assign(Object.create(mesh), { env }).exec(path.join(mesh.bin, 'consilium'), words, input);
      assert.equal((await as(`${key}\n`, 'login', '-')).status, 0);
      const said = await as('', 'status', `--tls-authority=${mesh.folder}/http.crt`, `--gateway=${base}/`);
      assert.equal(said.status, 0, said.stderr);
    },
    async 'door: a certificate of nobody\'s, plain text to elsewhere and a port where no gateway is: no key leaves, and it says why'({ mesh, base, all }) {
      const as = (...words) => mesh.exec(path.join(mesh.bin, 'consilium'), ['forget', `--token-file=${all}`, 'p1', ...words]);
      const stranger = await as(`--gateway=${base}`);
      assert.equal(stranger.status, 4);
      assert.match(stranger.stderr, /UNAVAILABLE/);
      const plain = await as('--gateway=http://gateway.hospital.example:7105');
      assert.equal(plain.status, 5);
      assert.match(plain.stderr, /https/);
      const seen = [];
      const other = http.createServer((request, reply) => { seen.push(request.headers); reply.end('{"hello":"world"}'); });
      await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
      const wrong = await as(`--gateway=http://127.0.0.1:${other.address().port}`);
      other.close();
      assert.equal(seen.length, 1);
      assert.equal(wrong.status, 4);
      assert.match(wrong.stderr, /broke off/);
    },
    async 'door: Ctrl-C ends a question that is under way, and its connection'({ mesh, all }) {
      let asked, gone;
      const [isAsked, isGone] = [new Promise((resolve) => { asked = resolve; }), new Promise((resolve) => { gone = resolve; })];
      const slow = http.createServer((request, reply) => { reply.writeHead(200, { 'content-type': 'application/grpc-web+proto' }); reply.flushHeaders(); reply.on('close', gone); asked(); });
      await new Promise((resolve) => slow.listen(0, '127.0.0.1', resolve));
      const child = spawn(path.join(mesh.bin, 'consilium'), ['ask', `--token-file=${all}`, `--gateway=http://127.0.0.1:${slow.address().port}`, 'p1', 'Tell everything.']);
      const status = new Promise((resolve) => child.on('exit', resolve));
      await isAsked;
      child.kill('SIGINT');
      assert.equal(await status, 130);
      await isGone;
      slow.close();
    },
    async 'door: what is no request of gRPC-Web is told so in its words'({ post }) {
      const whole = frame(Buffer.from([0x12, 2, 0x70, 0x31])); // patient: p1
      const says = async (status, method, body, headers) => {
        const reply = await post(method, body, headers);
        assert.equal(reply.status, 200);
        assert.equal(reply.headers['content-type'], 'application/grpc-web+proto');
        assert.match(reply.text, new RegExp(`grpc-status: ${status}\\r\\n`), `${method}: ${reply.text}`);
      };
      await says(0, 'Forget', frame(Buffer.from([0x12, 2, 0x70, 0x39])));
      await says(12, 'NoSuchMethod', whole);
      await says(12, 'GetTimeline', Buffer.concat([Buffer.from([1]), whole.subarray(1)]));
      await says(3, 'GetTimeline', whole, { 'content-type': 'application/json' });
      await says(3, 'GetTimeline', '');
      await says(3, 'GetTimeline', whole.subarray(0, 7));
      await says(3, 'GetTimeline', Buffer.concat([whole, whole]));
      await says(3, 'GetTimeline', frame(Buffer.from([0x12, 9, 0x70])));
      await says(3, 'PutRecord', Buffer.concat([whole, frame(Buffer.from([0x12, 9]))]));
      await says(3, 'PutRecord', Buffer.concat([whole, Buffer.from([0, 0, 0])]));
      await says(16, 'GetTimeline', whole, { authorization: 'Bearer csk_guess' });
    },
  },
};
