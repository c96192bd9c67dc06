import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestFn } from 'ava';
import { temporaryFolder } from '../../e2e/support/files.ts';
import { clusterUser, type User } from '../../e2e/support/user.ts';

/** Somebody at a cluster of one peer, who tries what kubectl can do. */
export interface Scenario extends Pick<User, 'sh' | 'fails' | 'background' | 'enterNamespace'> {
  readonly user: User;
  /** Writes a file and returns its path; objects are written as JSON, several behind one another. */
  file(name: string, ...contents: (string | object)[]): string;
  /** A program that edits by that sed script, for $EDITOR. */
  editor(name: string, script: string): string;
  /** `a:b:` for the objects a and b of `kubectl get WHAT`. */
  names(what: string): Promise<string>;
  /** What a JSONPath finds in `kubectl get WHAT`. */
  value(what: string, path: string): Promise<string>;
  /** What a Go template makes of `kubectl get WHAT`; absent fields are `<no value>`. */
  template(what: string, template: string): Promise<string>;
  /** Who has set fields of it, as managedFields say. */
  managers(what: string): Promise<string[]>;
  /** Runs a line once for each way not to change anything. */
  dryRuns(line: string): Promise<void>;
}

/** A cluster of one peer that lives as long as the tests of the file. */
export function scenario<Context>(test: TestFn<Context>): Scenario {
  const user = clusterUser(test, { peers: 1 });
  const folder = temporaryFolder(test);
  const { sh, fails } = user;
  const file: Scenario['file'] = (name, ...contents) => {
    const path = join(folder, name);
    const texts = contents.map((content) => (typeof content === 'string' ? content : JSON.stringify(content)));
    writeFileSync(path, texts.join('\n'));
    return path;
  };
  const template: Scenario['template'] = (what, text) => sh(`kubectl get ${what} -o go-template='${text}'`);
  const value: Scenario['value'] = (what, path) => sh(`kubectl get ${what} -o jsonpath='{${path}}'`);
  return {
    user,
    sh,
    fails,
    background: user.background,
    enterNamespace: user.enterNamespace,
    file,
    editor(name, script) {
      const path = file(name, `#!/bin/sh\nsed -i '${script}' "$1"\n`);
      chmodSync(path, 0o755);
      return path;
    },
    names: (what) => template(what, '{{range .items}}{{.metadata.name}}:{{end}}'),
    value,
    template,
    managers: async (what) => (await value(what, '.metadata.managedFields[*].manager')).split(' '),
    async dryRuns(line) {
      for (const kind of ['client', 'server']) await sh(line.replace(/( -- .*)?$/, ` --dry-run=${kind}$1`));
    },
  };
}
