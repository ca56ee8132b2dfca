// The gateway's GET /v1/models beside http_plain, which answers the same bytes from memory: h2load asks both in turn, three times, by HTTP/1.1 and HTTP/2.
// Processor time of the server a request, medians, and their ratio: node tests/bench/http_bench.js PATH-OF-http_plain [REQUESTS]
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { Mesh, spawn, execFileSync } = require('../mesh/mesh');

const [plain, requests] = [process.argv[2], process.argv[3] ?? '20000'];
const WAYS = { 'HTTP/1.1': ['--h1', '-c', '64'], 'HTTP/2': ['-c', '8', '-m', '16'] };
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];

// User and system time of a process, microseconds.
function processor(pid) {
  const words = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(words[11]) + Number(words[12])) * 10000;
}

function ask(words, url, pid) {
  const before = processor(pid);
  const said = execFileSync('h2load', ['-n', requests, ...words, url], { encoding: 'utf8' });
  const { succeeded } = /(?<succeeded>\d+) succeeded/.exec(said).groups;
  if (succeeded !== requests) throw new Error(said);
  return (processor(pid) - before) / Number(requests);
}

async function main() {
  const mesh = await Mesh.create();
  await mesh.up();
  const models = path.join(mesh.folder, 'models.json'), address = `127.0.0.1:${mesh.first + 6}`;
  fs.writeFileSync(models, await (await fetch(`${mesh.http}/v1/models`)).text());
  const other = spawn(plain, [address, models], { stdio: 'inherit' });
  await new Promise((resolve) => setTimeout(resolve, 500));
  try {
    for (const [way, words] of Object.entries(WAYS)) {
      const times = { gateway: [], alone: [] };
      for (let i = 0; i < 3; i++) {
        times.gateway.push(ask(words, `${mesh.http}/v1/models`, mesh.pid('gateway')));
        times.alone.push(ask(words, `http://${address}/v1/models`, other.pid));
      }
      const [gateway, alone] = [median(times.gateway), median(times.alone)];
      console.log(`${way}: the gateway ${gateway.toFixed(1)} us a request, the server alone ${alone.toFixed(1)}, ${(gateway / alone).toFixed(2)} times as much`);
    }
  } finally {
    other.kill();
    await mesh.down();
  }
}

main();
