// Public clients of Piston against the server at the address that is given: what each says, as JSON.

import { NodePistonClient, PistonClient } from 'piston-api-client';
import piston from 'piston-client';

const base = process.argv[2];
const source = "print(input(), *__import__('sys').argv[1:])";

async function apiClient(Client) {
  const client = new Client({ server: base });
  const runtimes = await client.runtimes();
  const body = { language: 'py', version: '3.x', files: [{ content: source }], stdin: 'hello', args: ['a'] };
  const done = await client.execute(body);
  const refused = await client.execute({ ...body, language: 'cobol' });
  return {
    languages: runtimes.data.map((runtime) => runtime.language).sort(),
    run: done.data.run,
    refused: refused.data.message,
  };
}

async function client() {
  const one = piston({ server: base });
  const runtimes = await one.runtimes();
  // Its programs go as plain text, which Piston refuses as well.
  const refused = await one.execute('python', 'print(1)');
  return { languages: runtimes.map((runtime) => runtime.language).sort(), refused: refused.message };
}

const said = {
  'piston-api-client': await apiClient(PistonClient),
  'piston-api-client (node)': await apiClient(NodePistonClient),
  'piston-client': await client(),
};
console.log(JSON.stringify(said));
// It keeps its list of languages for a day, and the process with it.
process.exit(0);
