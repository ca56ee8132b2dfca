// Many open streams on one gateway, by hand: node tests/web/soak.js [STREAMS] [SECONDS] [QUEUE]
// Each worker asks, reads its stream to the end, and asks again; one that is told 429 waits as long as retry-after says. Prints what came back, and the
// gateway's memory as it goes.
'use strict';
const http = require('node:http');
const { Mesh, sample } = require('../mesh/mesh');

const [streams, seconds, queue] = [1000, 600, 2000].map((usual, i) => Number(process.argv[2 + i] ?? usual));
const body = JSON.stringify({ model: 'consilium-demo', patient: 'p1', stream: true, messages: [{ role: 'user', content: 'Is the patient allergic to anything?' }] });
const counts = { whole: 0, refused: 0, cut: 0, other: 0 };
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const cuts = {}; // why
let open = 0, most = 0;

function cut(why) {
  counts.cut++;
  cuts[why] = (cuts[why] ?? 0) + 1;
}

function once(base, agent) {
  return new Promise((resolve) => {
    const request = http.request(`${base}/v1/chat/completions`, { method: 'POST', agent, headers: { 'x-consilium-tenant': 'test', 'content-length': Buffer.byteLength(body) } }, (reply) => {
      let last = '';
      open++;
      most = Math.max(most, open);
      reply.on('data', (piece) => { last = (last + piece).slice(-400); });
      reply.on('close', () => {
        open--;
        if (reply.statusCode === 429) counts.refused++;
        else if (reply.statusCode !== 200) counts.other++;
        else if (last.endsWith('data: [DONE]\n\n')) counts.whole++;
        else cut(/"error":\{"message":"([^"]*)/.exec(last)?.[1] ?? (reply.complete ? 'it ended early' : 'the connection was closed'));
        resolve(Number(reply.headers['retry-after'] ?? 0));
      });
    });
    request.on('error', (error) => { cut(error.code); resolve(1); });
    request.end(body);
  });
}

// Beside so many sockets a reading may fail: it is one line of many.
function metric(mesh, name) {
  return new Promise((resolve) => {
    http.get(`${mesh.admin('gateway')}/metrics`, { agent: false, timeout: 20000 }, (reply) => {
      let text = '';
      reply.on('data', (piece) => { text += piece; });
      reply.on('close', () => resolve(Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ').pop() ?? NaN)));
    }).on('error', () => resolve(NaN)).on('timeout', function () { this.destroy(); });
  });
}

async function main() {
  const mesh = await Mesh.create({ MESH_FLAGS_inference: `--queue=${queue} --sequences=16`, MESH_FLAGS_gateway: '--http-calls=2000' });
  await mesh.up();
  try {
    await mesh.put('p1', sample());
    const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
    const end = Date.now() + seconds * 1000;
    const worker = async () => { while (Date.now() < end) await sleep(1000 * await once(mesh.http, agent)); };
    const workers = Array.from({ length: streams }, worker);
    for (let next = Date.now(); Date.now() < end; next += seconds * 100) {
      await sleep(Math.max(0, Math.min(next, end) - Date.now()));
      const [calls, bytes] = [await metric(mesh, 'gateway_http_calls'), await metric(mesh, 'process_resident_memory_bytes')];
      console.log(`${Math.round(seconds - (end - Date.now()) / 1000)} s: ${calls} asks under way, ${Math.round(bytes / 1048576)} MiB in the gateway, ${JSON.stringify(counts)}`);
    }
    await Promise.all(workers);
    if (counts.cut) console.log(`cut: ${JSON.stringify(cuts)}`);
    console.log(`${JSON.stringify(counts)}, at most ${most} answers open at once, ${await metric(mesh, 'gateway_http_calls')} left`);
    agent.destroy();
  } finally {
    await mesh.down();
  }
}

main();
