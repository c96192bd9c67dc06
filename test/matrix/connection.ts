import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { RealCluster } from '../support/cluster.ts';

export interface Answer {
  code: number;
  body: Buffer;
  /** The body, if it is JSON. */
  json: Json;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of any kind are looked into.
export type Json = any;

export interface Question {
  /** Objects are sent as JSON. */
  body?: object | Buffer | undefined;
  contentType?: string;
  accept?: string;
}

/** The administrator's requests to the first peer of a cluster. */
export class Connection {
  readonly #server: string;
  readonly #agent: Agent;

  constructor({ servers, tls }: Pick<RealCluster, 'servers' | 'tls'>) {
    this.#server = servers[0]!;
    this.#agent = new Agent({ ...tls, keepAlive: true });
  }

  async ask(method: string, path: string, question: Question = {}): Promise<Answer> {
    const response = await this.#send(method, path, question);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const isJson = response.headers['content-type']?.startsWith('application/json') ?? false;
    return { code: response.statusCode!, body, json: isJson ? JSON.parse(body.toString()) : undefined };
  }

  /** The first event of a watch. */
  async firstEvent(path: string): Promise<Json> {
    const response = await this.#send('GET', path, {});
    let text = '';
    for await (const chunk of response) {
      text += chunk;
      const end = text.indexOf('\n');
      if (end < 0) continue;
      response.destroy();
      return JSON.parse(text.slice(0, end));
    }
    throw new Error(`the watch ended: ${text}`);
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(
    method: string,
    path: string,
    { body, contentType = 'application/json', accept }: Question,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = {
        ...(accept === undefined ? {} : { Accept: accept }),
        ...(body === undefined ? {} : { 'Content-Type': contentType }),
      };
      const sent = request(`${this.#server}${path}`, { method, headers, agent: this.#agent }, resolve);
      sent.on('error', reject);
      sent.end(body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body));
    });
  }
}
