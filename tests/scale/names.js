// Names that lead to several addresses, as a headless Service's do: a file of hosts in place of /etc/hosts, in a mount namespace of this program's own.
'use strict';
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const FILE_BYTES = 16384; // always as long: a reader never meets a file that has just been emptied
const VARIABLE = 'SCALE_HOSTS_FILE';

// Runs the program again inside such a namespace, and ends with its status. Where it returns, the program is inside.
function enter() {
  if (process.env[VARIABLE]) {
    execFileSync('mount', ['--bind', process.env[VARIABLE], '/etc/hosts']);
    return;
  }
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'consilium-names-')), 'hosts');
  write(file, {});
  const own = process.getuid() === 0 ? [] : ['--user', '--map-root-user'];
  const { status, error } = spawnSync('unshare', ['--mount', '--propagation=private', ...own, process.execPath, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, [VARIABLE]: file } });
  fs.rmSync(path.dirname(file), { recursive: true });
  if (error) throw error;
  process.exit(status ?? 1);
}

// @names: { name: [address…] }.
function write(file, names) {
  const lines = ['127.0.0.1 localhost', ...Object.entries(names).flatMap(([name, addresses]) => addresses.map((address) => `${address} ${name}`)), ''];
  const text = lines.join('\n').padEnd(FILE_BYTES - 1) + '\n';
  const fd = fs.openSync(file, fs.constants.O_WRONLY | fs.constants.O_CREAT);
  fs.writeSync(fd, text, 0);
  fs.closeSync(fd);
}

module.exports = { enter, tell: (names) => write(process.env[VARIABLE], names) };
