// What holds of every path: TLS, versions, ids, web pages of other origins, limits. By curl and fetch.
'use strict';
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Mesh, ROOT, sample, execFileSync } = require('../mesh/mesh');

const body = JSON.stringify({ model: 'consilium-demo', patient: 'p1', messages: [{ role: 'user', content: 'Is the patient allergic to anything?' }] });
const curl = (...words) => new Promise((resolve) => {
  execFile('curl', ['-sS', '--max-time', '20', ...words], (error, stdout, stderr) => resolve({ status: error ? error.code : 0, stdout, stderr }));
});

module.exports = {
  async before(world) {
    world.mesh = await Mesh.create();
    const { folder } = world.mesh;
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=gateway',
      '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', path.join(folder, 'http.key'), '-out', path.join(folder, 'http.crt')], { stdio: 'ignore' });
    world.mesh.env.MESH_FLAGS_gateway = `--http-tls-certificate=${folder}/http.crt --http-tls-key=${folder}/http.key --http-origins=https://ehr.example`;
    await world.mesh.up();
    await world.mesh.put('p1', sample());
    world.base = world.mesh.http.replace('http:', 'https:');
    world.https = (...words) => curl('--cacert', path.join(folder, 'http.crt'), '-H', 'x-consilium-tenant: test', ...words);
  },
  async after(world) { await world.mesh?.down(); },
  tests: {
    async 'http: the same answer by HTTP/1.1 and HTTP/2 over TLS'({ base, https }) {
      for (const [flag, version] of [['--http1.1', '1.1'], ['--http2', '2']]) {
        const { stdout } = await https(flag, '-w', ' %{http_version}', '-d', body, `${base}/v1/chat/completions`);
        assert.match(stdout, /Penicillin/);
        assert.ok(stdout.endsWith(` ${version}`), stdout.slice(-10));
      }
    },

    async 'http: a stream by HTTP/2 ends with [DONE]'({ base, https }) {
      const { stdout } = await https('--http2', '-N', '-d', JSON.stringify({ ...JSON.parse(body), stream: true }), `${base}/v1/chat/completions`);
      assert.ok(stdout.trimEnd().endsWith('data: [DONE]'));
    },

    async 'http: plain text at a port of TLS gets nothing'({ mesh }) {
      assert.notEqual((await curl(`${mesh.http}/v1/models`)).status, 0);
    },

    async 'http: a request is known by its id, its caller\'s where that is a word'({ base, https }) {
      assert.match((await https('-i', '-H', 'x-request-id: abc-1', `${base}/v1/models`)).stdout, /x-request-id: abc-1\r\n/);
      assert.match((await https('-i', `${base}/v1/models`)).stdout, /x-request-id: [0-9a-f]{32}\r\n/);
    },

    async 'http: a trace goes on from traceparent'({ base, https }) {
      const trace = '0af7651916cd43dd8448eb211c80319c';
      const { stdout } = await https('-H', `traceparent: 00-${trace}-b7ad6b7169203331-01`, '-d', body, `${base}/v1/chat/completions`);
      assert.equal(JSON.parse(stdout).consilium.trace_id, trace);
      assert.equal(JSON.parse(stdout).id, `chatcmpl-${trace}`);
    },

    async 'http: a page of a listed origin may ask, another may not'({ base, https }) {
      const preflight = (origin) => https('-i', '-X', 'OPTIONS', '-H', `origin: ${origin}`, '-H', 'access-control-request-method: POST',
        '-H', 'access-control-request-headers: authorization', `${base}/v1/chat/completions`);
      const allowed = (await preflight('https://ehr.example')).stdout;
      assert.match(allowed, / 204/);
      assert.match(allowed, /access-control-allow-origin: https:\/\/ehr.example\r\n/);
      assert.match(allowed, /access-control-allow-headers: authorization\r\n/);
      assert.doesNotMatch((await preflight('https://evil.example')).stdout, /access-control-allow-origin/);
      assert.match((await https('-i', '-H', 'origin: https://ehr.example', `${base}/v1/models`)).stdout, /access-control-allow-origin/);
    },

    async 'http: a body over a path\'s limit is refused'({ base, https, mesh }) {
      const large = path.join(mesh.folder, 'large');
      fs.writeFileSync(large, Buffer.alloc(9 << 20, 'x'));
      const { stdout } = await https('-w', ' %{http_code}', '--data-binary', `@${large}`, `${base}/v1/embeddings`);
      assert.ok(stdout.endsWith(' 413'), stdout);
      assert.match(stdout, /request_too_large/);
    },

    async 'http: the commands of the README work as printed'({ mesh }) {
      const other = await Mesh.create();
      try {
        await other.up();
        const readme = fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8');
        const section = readme.slice(readme.indexOf('## By HTTP'), readme.indexOf('## Any gRPC client'));
        const commands = [...section.matchAll(/^\$ ([^]*?)\n(?:\n|```)/gm)].map((m) => m[1]);
        assert.ok(commands.length >= 3);
        for (const command of commands) {
          const { status, stdout, stderr } = await other.exec('bash', ['-c', command.replaceAll('127.0.0.1:7105', other.http.slice(7))]);
          assert.equal(status, 0, stderr);
          assert.doesNotMatch(stdout, /"error"/, stdout);
          assert.ok(stdout.length > 100, stdout);
        }
      } finally {
        await other.down();
      }
      assert.ok(mesh);
    },
  },
};
