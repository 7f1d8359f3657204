// Writes dist/third-party.txt: whose software is in the build, and its licence.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const allowed = /^(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|Unlicense)$/;

const parts = Object.entries(lock.packages)
  .filter(([where, entry]) => where && !entry.dev && !entry.optional && existsSync(path.join(where, 'package.json')))
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([where]) => {
    const { name, version, license } = JSON.parse(readFileSync(path.join(where, 'package.json'), 'utf8'));
    if (!allowed.test(license)) throw new Error(`${name}: the licence ${license} has not been looked at`);
    const file = readdirSync(where).find((one) => /^licen[cs]e(\.|$)/i.test(one));
    const text = file ? readFileSync(path.join(where, file), 'utf8').replace(/\r\n/g, '\n').trim() : `Licence: ${license}`;
    return `${name} ${version} (${license})\n\n${text}\n`;
  });

const line = '-'.repeat(78);
writeFileSync('dist/third-party.txt', `Software of others in this console\n\n${line}\n${parts.join(`\n${line}\n`)}`);
console.log(`${parts.length} notices`);
