// Identity providers that do what none may: each has a path of its own, which says what it does.
//
// node misbehaving.mjs REDIRECT_URI
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { SignJWT, UnsecuredJWT, exportJWK, generateKeyPair } from 'jose';

const CLIENT = { id: 'andon', secret: 'secret of the client' };
const [redirectUri] = process.argv.slice(2);
const keys = await generateKeyPair('RS256', { extractable: true });
const otherKeys = await generateKeyPair('RS256');
const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'key', alg: 'RS256', use: 'sig' };
const requests = new Map();

// What each says in its ID token instead of the truth.
const LIES = {
  honest: {},
  'wrong-nonce': { nonce: 'of somebody else' },
  'no-nonce': { nonce: undefined },
  'wrong-audience': { aud: 'another client' },
  'one-audience-more': { aud: [CLIENT.id, 'another client'] },
  'wrong-issuer': { iss: 'https://another.example' },
  expired: { exp: seconds() - 600, iat: seconds() - 1200 },
  'not-yet': { iat: seconds() + 600, exp: seconds() + 1200 },
  'alg-none': {},
  'signed-by-another': {},
  'signed-by-the-secret': {},
  'too-long': {},
  'sends-elsewhere': {},
  'another-provider': {},
};

function seconds() {
  return Math.floor(Date.now() / 1000);
}

function idToken(kind, claims) {
  const header = { alg: 'RS256', kid: 'key' };
  switch (kind) {
    case 'alg-none':
      return new UnsecuredJWT(claims).encode();
    case 'signed-by-another':
      return new SignJWT(claims).setProtectedHeader(header).sign(otherKeys.privateKey);
    case 'signed-by-the-secret':
      return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(CLIENT.secret));
    default:
      return new SignJWT(claims).setProtectedHeader(header).sign(keys.privateKey);
  }
}

async function answer(request, response) {
  const url = new URL(request.url, origin);
  const [, kind, ...rest] = url.pathname.split('/');
  const issuer = `${origin}/${kind}`;
  const json = (value) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(value));
  };
  if (!(kind in LIES)) return response.writeHead(404).end();
  switch (rest.join('/')) {
    case '.well-known/openid-configuration':
      return json({
        issuer: kind === 'another-provider' ? `${origin}/honest` : issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
      });
    case 'jwks':
      return json({ keys: [jwk] });
    case 'authorize': {
      const code = randomUUID();
      requests.set(code, url.searchParams.get('nonce'));
      const back = new URL(redirectUri);
      back.searchParams.set('code', code);
      back.searchParams.set('state', url.searchParams.get('state'));
      return response.writeHead(303, { location: back.href }).end();
    }
    case 'token': {
      if (kind === 'sends-elsewhere') return response.writeHead(307, { location: `${origin}/honest/token` }).end();
      let body = '';
      for await (const chunk of request) body += chunk;
      const nonce = requests.get(new URLSearchParams(body).get('code'));
      const claims = {
        iss: issuer,
        sub: 'kim',
        aud: CLIENT.id,
        iat: seconds(),
        exp: seconds() + 600,
        preferred_username: 'kim',
        groups: ['andon:plant:supervisor'],
        nonce,
        ...LIES[kind],
      };
      const padding = kind === 'too-long' ? 'x'.repeat(8 * 1024 * 1024) : undefined;
      return json({ access_token: 'an access token', token_type: 'Bearer', id_token: await idToken(kind, claims), padding });
    }
    default:
      return response.writeHead(404).end();
  }
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const origin = `http://127.0.0.1:${server.address().port}`;
console.log(`listening on ${origin}`);

// A test that ends, however that happens, takes it along.
process.stdin.on('end', () => process.exit()).resume();
