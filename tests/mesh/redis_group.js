// A primary, two replicas and three Sentinels, or a cluster of three primaries with a replica each, with a password; for tests that kill one of them.
'use strict';
const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');

const isFree = (port) => new Promise((resolve) => {
  const server = net.createServer();
  server.once('error', () => resolve(false));
  server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
});

// A node of a cluster speaks to the others on the port 10,000 above; both lie below those that the system gives to connections.
async function freePort() {
  for (;;) {
    const port = 20000 + Math.floor(Math.random() * 2700);
    if ((await isFree(port)) && (await isFree(port + 10000))) return port;
  }
}

async function until(what, holds, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`in ${seconds} s not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

class RedisGroup {
  constructor(folder, password) {
    this.folder = folder;
    this.password = password;
    this.members = [];
  }

  async add(program, lines) {
    const port = await freePort();
    const folder = path.join(this.folder, String(port));
    fs.mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'redis.conf');
    fs.writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, ...lines, ''].join('\n'), { mode: 0o600 });
    const child = spawn(program, [file], { stdio: 'ignore' });
    const member = { port, child, gone: new Promise((resolve) => child.once('exit', resolve)) };
    this.members.push(member);
    await until(`redis at ${port} answers`, () => /PONG|NOAUTH/.test(this.cli(port, 'ping')));
    return member;
  }

  get server() {
    return ['save ""', 'appendonly no', 'repl-diskless-sync-delay 0', `requirepass ${this.password}`, `masterauth ${this.password}`];
  }

  cli(port, ...words) {
    try {
      return execFileSync('redis-cli', ['-p', String(port), ...words],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, REDISCLI_AUTH: this.password } });
    } catch (error) {
      return String(error.stdout ?? '');
    }
  }

  // The address of the group, as --redis takes it.
  async sentinels() {
    this.primary = await this.add('redis-server', this.server);
    for (let i = 0; i < 2; i++) await this.add('redis-server', [...this.server, `replicaof 127.0.0.1 ${this.primary.port}`]);
    await until('two replicas follow', () => (this.cli(this.primary.port, 'info', 'replication').match(/state=online/g) ?? []).length === 2);
    const watchers = [];
    for (let i = 0; i < 3; i++) {
      watchers.push(await this.add('redis-sentinel', [`sentinel monitor records 127.0.0.1 ${this.primary.port} 2`,
        `sentinel auth-pass records ${this.password}`, 'sentinel down-after-milliseconds records 1000', 'sentinel failover-timeout records 5000']));
    }
    for (const { port } of watchers) await until('the Sentinels know each other', () => /slaves=2,sentinels=3/.test(this.cli(port, 'info', 'sentinel')));
    return `sentinel:records@${watchers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  }

  async cluster() {
    const node = [...this.server, 'cluster-enabled yes', 'cluster-node-timeout 3000'];
    for (let i = 0; i < 6; i++) await this.add('redis-server', node);
    const addresses = this.members.map(({ port }) => `127.0.0.1:${port}`);
    this.cli(this.members[0].port, '--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes');
    for (const { port } of this.members) await until('the cluster is whole', () => /cluster_state:ok/.test(this.cli(port, 'cluster', 'info')));
    await until('each primary has its replica', () => this.members.every(({ port }) => /role:master[^]*connected_slaves:1|role:slave[^]*master_link_status:up/.test(this.cli(port, 'info', 'replication'))));
    this.primary = this.members[0];
    return `cluster:${addresses.slice(0, 3).join(',')}`;
  }

  async kill(member) {
    member.child.kill('SIGKILL');
    await member.gone;
  }

  async close() {
    for (const member of this.members) if (member.child.exitCode === null && member.child.signalCode === null) await this.kill(member);
  }
}

module.exports = { RedisGroup };
