// Uses a server through the nacos package as an application would; ../README.md
// tells what it prints.
'use strict';

const { Report } = require('./report');

async function main() {
  const [suite, ...args] = process.argv.slice(2);
  const suites = { naming: './naming', config: './config', auth: './auth', cluster: './cluster' };
  if (suite === 'provider') {
    await require('./naming').provide(args[0], Number(args[1]));
    return;
  }
  if (!suites[suite]) {
    console.error('usage: main.js naming|config|auth|cluster');
    process.exit(2);
  }
  const report = new Report();
  await require(suites[suite]).run(report);
  process.exit(report.failed ? 1 : 0); // the SDK's timers would keep the process alive
}

main().catch(err => {
  console.error(err);
  process.exit(1);
});
