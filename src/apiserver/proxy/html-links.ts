import { Transform } from 'node:stream';

/** Attributes that hold links, by tag (HTML 4.01's index of attributes, and HTML's). */
const linkAttributes: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  track: ['src'],
  video: ['poster', 'src'],
};

/** What stands in these is no markup until the tag is closed. */
const rawTextTags = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'iframe', 'noembed', 'noframes']);

/** A longer tag is passed on as it is. */
const MAX_TAG_LENGTH = 64 * 1024;

/** Of what ends a part that is no markup. */
const MAX_END_LENGTH = '</textarea'.length;

const startTag = /<([a-z][^\s/>]*)(?:[^>"']|"[^"]*"|'[^']*')*>/iy;
const attribute = /([^\s"'>/=]+)(?:(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'=<>`]+))?/g;

/** A link to a path of the server gets `prefix` before it, unless it has it. */
export function prefixed(link: string, prefix: string): string {
  const rooted = link.startsWith('/') && !link.startsWith('//');
  return rooted && !link.startsWith(prefix) ? prefix + link : link;
}

/**
 * Makes links to paths of a server in an HTML page begin with `prefix`, where a proxy serves it. All other bytes pass as they
 * are, whatever the page's encoding, as long as that contains ASCII. Holds back no more than one tag.
 */
export function prefixLinks(prefix: string): Transform {
  let pending = '';
  /** What ends the part that is no markup; undefined in markup. */
  let until: RegExp | undefined;

  /** Takes what is complete off the front of `pending`, rewritten; undefined: more is needed first. */
  function next(): string | undefined {
    if (until !== undefined) return skip(until);
    const open = pending.indexOf('<');
    if (open !== 0) return take(open < 0 ? pending.length : open);
    if (pending.startsWith('<!--')) {
      until = /-->/;
      return take(4);
    }
    startTag.lastIndex = 0;
    const [tag, name = ''] = startTag.exec(pending) ?? [];
    if (tag !== undefined) {
      pending = pending.slice(tag.length);
      const known = name.toLowerCase();
      if (rawTextTags.has(known) && !tag.endsWith('/>')) until = new RegExp(`</${known}`, 'i');
      return rewritten(tag, linkAttributes[known]);
    }
    // Too long a tag is passed over as a whole: looking into it again and again would take too long.
    if (/^<[a-z]/i.test(pending)) return pending.length < MAX_TAG_LENGTH ? undefined : take(pending.length);
    return /^<(?:$|!-?$)/.test(pending) ? undefined : take(1);
  }

  function skip(end: RegExp): string | undefined {
    const found = end.exec(pending);
    if (found === null) {
      // The end may have begun.
      const whole = Math.max(0, pending.length - MAX_END_LENGTH);
      return whole > 0 ? take(whole) : undefined;
    }
    until = undefined;
    return take(found.index + found[0].length);
  }

  function take(length: number): string {
    const taken = pending.slice(0, length);
    pending = pending.slice(length);
    return taken;
  }

  function rewritten(tag: string, attributes: readonly string[] | undefined): string {
    if (attributes === undefined) return tag;
    return tag.replace(attribute, (whole, name: string, equals?: string, value?: string) => {
      if (equals === undefined || value === undefined || !attributes.includes(name.toLowerCase())) return whole;
      const quote = /^["']/.exec(value)?.[0] ?? '';
      const link = value.slice(quote.length, value.length - quote.length);
      return name + equals + quote + prefixed(link, prefix) + quote;
    });
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      pending += chunk.toString('latin1');
      const parts: string[] = [];
      for (let part = pending && next(); part; part = pending && next()) parts.push(part);
      done(null, Buffer.from(parts.join(''), 'latin1'));
    },
    flush(done) {
      done(null, Buffer.from(pending, 'latin1'));
    },
  });
}
