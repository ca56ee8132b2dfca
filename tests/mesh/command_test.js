// The command and the script, as a person and as a script use them.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { Mesh, ROOT, sample, SAMPLE_QUESTION, spawn } = require('./mesh');

const BUNDLE = path.join(ROOT, 'tools/consilium/sample/sample-patient.json');
const NOTE = path.join(ROOT, 'tools/consilium/sample/sample-note.txt');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Every process that was started for the mesh @name: services, builds, and Redis, which writes its title over its environment.
function processesOf(name, first) {
  const left = [];
  for (const pid of fs.readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const words = fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      const environment = fs.readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      if (environment.includes(`MESH_NAME=${name}`) || words.includes(`redis-server 127.0.0.1:${first + 9}`)) left.push(words);
    } catch { /* it has ended, or is another's */ }
  }
  return left;
}

const lines = (text) => text.trim().split('\n').map((line) => JSON.parse(line));

module.exports = {
  async before(world) {
    world.mesh = await Mesh.create();
    await world.mesh.up();
  },
  async after(world) { await world.mesh?.down(); },
  tests: {
    async 'every verb has a page of help'({ mesh }) {
      const { stdout } = await mesh.consilium('help');
      const verbs = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map((row) => row[1]);
      assert(verbs.includes('deid') && verbs.includes('status'), stdout);
      for (const words of [...verbs.map((verb) => [verb, '--help']), ['deid', 'score', '--help'], ['deid', '-h']]) {
        const help = await mesh.consilium(...words);
        assert.equal(help.status, 0, `${words.join(' ')}: ${help.stderr}`);
        assert.match(help.stdout, /^usage: .*[^]*--help, -h/m);
      }
    },

    async 'consilium put, ask, timeline, forget: for people'({ mesh }) {
      const put = await mesh.consilium('put', '--patient=p1', BUNDLE);
      assert.equal(put.status, 0, put.stderr);
      assert.match(put.stdout, /resources/);
      const ask = await mesh.consilium('ask', '--tenant=default', 'p1', SAMPLE_QUESTION);
      assert.equal(ask.status, 0, ask.stderr);
      for (const heading of ['facts chosen', 'answer', 'citations', 'where the time went']) assert.ok(ask.stdout.includes(heading), heading);
      const timeline = await mesh.consilium('timeline', 'p1');
      assert.match(timeline.stdout, /\d+ facts\n$/);
      const questions = 'active conditions; latest 4548-4; trend 29463-7 from 2015; count all; between 2018 2019-06';
      const asked = await mesh.consilium('timeline', 'p1', '--json', `--ask=${questions}`);
      const local = await mesh.consilium('timeline', BUNDLE, '--json', `--ask=${questions}`);
      assert.equal(asked.status, 0, asked.stderr);
      // Facts of one moment are in the order of their ids, and the mesh knows others, as it knows shifted dates, which round otherwise;
      // else all is as without a mesh.
      const rounded = (trend) => trend && Object.fromEntries(Object.entries(trend).map(([name, x]) => [name, typeof x === 'number' ? x.toPrecision(9) : x]));
      const bare = (text) => lines(text).map(({ items, trend, ...rest }) => ({
        ...rest, trend: rounded(trend), items: items.map((item) => JSON.stringify({ ...item, sources: [...item.sources].sort() })).sort(),
      }));
      assert.deepEqual(bare(asked.stdout), bare(local.stdout));
      assert.equal((await mesh.consilium('forget', 'p1')).stdout, 'forgotten\n');
    },
    async 'with --json every verb prints JSON, a line each'({ mesh }) {
      const put = lines((await mesh.consilium('put', '--json', '--patient=p1', BUNDLE)).stdout)[0];
      const factsNot = (put.notFacts ?? []).reduce((sum, { count }) => sum + count, 0);
      assert.equal(put.resourcesAsFacts + factsNot, put.resources);
      const events = lines((await mesh.consilium('ask', '--json', 'p1', SAMPLE_QUESTION)).stdout);
      assert.ok('started' in events[0] && 'done' in events.at(-1));
      const timeline = lines((await mesh.consilium('timeline', '--json', 'p1')).stdout);
      assert.equal(timeline.flatMap((page) => page.facts).length, put.facts);
      assert.ok(lines((await mesh.consilium('tokens', '--json', 'Metformin 500 mg')).stdout)[0].ids.length > 0);
      assert.equal(lines((await mesh.consilium('status', '--json')).stdout)[0].services.length, 6);
      const many = lines((await mesh.consilium('ask', '--many', '--json', SAMPLE_QUESTION, 'p1', 'nobody')).stdout);
      assert.ok(many.some((e) => e.patient === 'nobody' && e.failure.status === 5));
    },
    async 'consilium deid --mesh shows a note with surrogates, and FHIR stays FHIR'({ mesh }) {
      const text = await mesh.consilium('deid', '--mesh', NOTE);
      assert.equal(text.status, 0, text.stderr);
      const reply = lines((await mesh.consilium('deid', '--mesh', '--json', NOTE)).stdout)[0];
      assert.ok(reply.spans.length > 3);
      const fhir = await mesh.consiliumWith(sample(), 'deid', '--mesh', '--fhir', '-');
      assert.equal(JSON.parse(fhir.stdout).resourceType, 'Bundle');
    },
    async 'exit statuses: 2 wrong usage, 3 not found, 4 unavailable, 5 refused'({ mesh }) {
      assert.equal((await mesh.consilium('ask', 'p1')).status, 2);
      assert.equal((await mesh.exec(path.join(mesh.bin, 'consilium'), ['nonsense'])).status, 2);
      assert.equal((await mesh.consilium('ask', '--no-such-flag', 'p1', 'x')).status, 2);
      assert.equal((await mesh.consilium('ask', 'nobody', 'x?')).status, 3);
      assert.equal((await mesh.consilium('put', '/no/such/file')).status, 3);
      assert.equal((await mesh.exec(path.join(mesh.bin, 'consilium'), ['ask', '--gateway=127.0.0.1:1', '--timeout=2s', 'p1', 'x?'])).status, 4);
      assert.equal((await mesh.consiliumWith('{"resourceType":"Banana"}', 'put', '--patient=p9', '-')).status, 5);
    },
    async 'up twice says that it runs; a taken port and a missing model say what to do'({ mesh }) {
      const again = await mesh.run('up');
      assert.equal(again.status, 0);
      assert.match(again.stdout, /running already/);
      const other = await Mesh.create();
      const thief = net.createServer().listen(other.first, '127.0.0.1');
      await new Promise((resolve) => thief.once('listening', resolve));
      const taken = await other.run('up');
      thief.close();
      assert.equal(taken.status, 1);
      assert.match(taken.stderr, /taken by another process.*MESH_PORT/s);
      other.env.MESH_MODEL = '/no/such/model.gguf';
      const missing = await other.run('up');
      assert.equal(missing.status, 1);
      assert.match(missing.stderr, /MESH_MODEL/);
      await other.down();
    },
    async 'two meshes run side by side and know nothing of each other'({ mesh }) {
      const other = await Mesh.create();
      await other.up();
      try {
        await mesh.put('p-here', sample());
        await assert.rejects(other.ask('p-here', SAMPLE_QUESTION), /NOT_FOUND/);
        assert.ok((await mesh.ask('p-here', SAMPLE_QUESTION)).done);
      } finally {
        await other.down();
      }
    },
    async 'Ctrl-C in the demo, at any moment and twice too, leaves nothing running and nothing lying about'({ mesh }) {
      for (const wait of [20, 60, 120, 200, 300, 450, 700, 1100, 1800, 3000]) {
        const port = (await Mesh.create()).first;
        const name = `demo-${port}`;
        const folder = fs.mkdtempSync(path.join(mesh.folder, 'tmp-'));
        const demo = spawn(path.join(ROOT, 'mesh'), ['demo'], {
          cwd: ROOT, detached: true, stdio: 'ignore', env: { ...mesh.env, MESH_RUN: '', MESH_NAME: name, MESH_PORT: String(port), TMPDIR: folder },
        });
        const ended = new Promise((resolve) => demo.once('exit', resolve));
        await sleep(wait);
        for (const pause of [wait % 100, 0]) {
          try { process.kill(-demo.pid, 'SIGINT'); } catch { /* it has ended already */ }
          await sleep(pause);
        }
        await ended;
        assert.deepEqual(processesOf(name, port), [], `after ${wait} ms`);
        assert.deepEqual(fs.readdirSync(folder), [], `after ${wait} ms`);
      }
    },
    async 'an up that fails or is interrupted leaves nothing running'({ mesh }) {
      const other = await Mesh.create();
      other.env.MESH_FLAGS_context = '--no-such-flag';
      const failed = await other.run('up');
      assert.equal(failed.status, 1);
      assert.match(failed.stderr, /context has ended.*log/s);
      assert.deepEqual(processesOf(other.env.MESH_NAME, other.first), []);
      delete other.env.MESH_FLAGS_context;
      // Where the machine is quick, up may be through before the signal comes: then once more, sooner.
      for (let wait = 400, status = 0; status === 0 && wait > 10; wait /= 2) {
        const up = spawn(path.join(ROOT, 'mesh'), ['up'], { cwd: ROOT, stdio: 'ignore', env: other.env });
        const ended = new Promise((resolve) => up.once('exit', resolve));
        await sleep(wait);
        up.kill('SIGTERM');
        status = await ended;
        if (status === 0) await other.run('down');
        assert.deepEqual(processesOf(other.env.MESH_NAME, other.first), []);
      }
      await other.down();
    },
    async 'the answers of a drained mesh: down stops everything, and status says so'({ mesh }) {
      assert.equal(processesOf(mesh.env.MESH_NAME, mesh.first).length, 6);
      assert.equal((await mesh.run('down')).status, 0);
      assert.deepEqual(processesOf(mesh.env.MESH_NAME, mesh.first), []);
      assert.notEqual((await mesh.consilium('status', '--timeout=1s')).status, 0);
      assert.equal(fs.existsSync(path.join(mesh.folder, 'gateway.pid')), false);
    },
  },
};
