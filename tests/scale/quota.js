// A share of a processor for each replica, by control groups: version 2 where the system has it whole, else version 1. Takes root. Whoever calls the replicas
// has a group beside theirs without a quota, or other work of the machine would keep it from calling.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const ROOT = '/sys/fs/cgroup';
const PERIOD_US = 20000; // short, so that a replica that has used its share up waits for milliseconds, not for a tenth of a second
const QUOTA_US_MIN = 1000; // the kernel's
const WEIGHT = 10000; // of all replicas together, against whatever else the machine does: what is to bound them is the quota
const SHARES = 102400; // the same for version 1

const isWhole = () => fs.existsSync(path.join(ROOT, 'cgroup.controllers'));

class Quota {
  // @share: of one processor; Infinity: as much as there is.
  constructor(name, share) {
    const own = `consilium-${process.pid}`;
    this.isWhole = isWhole();
    this.folders = (this.isWhole ? [ROOT] : [path.join(ROOT, 'cpu'), path.join(ROOT, 'cpuacct')]).map((folder) => path.join(folder, own, name));
    for (const folder of this.folders) fs.mkdirSync(folder, { recursive: true });
    const period = Math.max(PERIOD_US, Math.ceil(QUOTA_US_MIN / share));
    const isBound = Number.isFinite(share);
    const quota = isBound ? Math.round(period * share) : -1;
    if (this.isWhole) {
      fs.writeFileSync(path.join(ROOT, 'cgroup.subtree_control'), '+cpu');
      fs.writeFileSync(path.join(ROOT, own, 'cgroup.subtree_control'), '+cpu');
      fs.writeFileSync(path.join(ROOT, own, 'cpu.weight'), `${WEIGHT}`);
      fs.writeFileSync(path.join(this.folders[0], 'cpu.max'), `${isBound ? quota : 'max'} ${period}`);
    } else {
      fs.writeFileSync(path.join(ROOT, 'cpu', own, 'cpu.shares'), `${SHARES}`);
      fs.writeFileSync(path.join(this.folders[0], 'cpu.cfs_period_us'), `${period}`);
      fs.writeFileSync(path.join(this.folders[0], 'cpu.cfs_quota_us'), `${quota}`);
    }
  }

  // What a shell is to do before it becomes the program.
  get entry() { return this.folders.map((folder) => `echo $$ >${folder}/cgroup.procs`).join(' && '); }

  seconds() {
    if (!this.isWhole) return Number(fs.readFileSync(path.join(this.folders[1], 'cpuacct.usage'), 'utf8')) / 1e9;
    return Number(/usage_usec (\d+)/.exec(fs.readFileSync(path.join(this.folders[0], 'cpu.stat'), 'utf8'))[1]) / 1e6;
  }

  // When its last process has ended.
  remove() {
    for (const folder of this.folders) {
      try {
        fs.rmdirSync(folder);
        fs.rmdirSync(path.dirname(folder));
      } catch (error) {
        if (!['ENOTEMPTY', 'EBUSY', 'ENOENT'].includes(error.code)) throw error;
      }
    }
  }
}

module.exports = { Quota };
