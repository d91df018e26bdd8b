// An identity provider for tests and for trying things out: oidc-provider, which others wrote, with the accounts of a file.
//
// node provider.mjs ACCOUNTS.json [PORT] [REDIRECT_URI]
//
// The file has each account's claims by its name: { "kim": { "groups": ["andon:plant-1:viewer"] } }. It is read at each sign-in.
// CLOCK_OFFSET_MS has its clock differ from this machine's, and ID_TOKEN_SECONDS says how long its ID tokens are valid.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

const offset = Number(process.env.CLOCK_OFFSET_MS ?? 0);
const now = Date.now.bind(Date);
Date.now = () => now() + offset;

const [accounts, port = '9000', redirectUri = 'http://127.0.0.1:8000/auth/oidc/callback'] = process.argv.slice(2);
const server = createServer();
await new Promise((listening) => server.listen(Number(port), '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;
const { privateKey } = await generateKeyPair('RS256', { extractable: true });

const provider = new Provider(issuer, {
  clients: [{ client_id: 'andon', client_secret: 'secret of the client', redirect_uris: [redirectUri] }],
  claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email'], groups: ['groups'] },
  scopes: ['openid', 'profile', 'email', 'groups'],
  conformIdTokenClaims: process.env.CLAIMS_IN === 'userinfo',
  cookies: { keys: ['of these tests'] },
  features: { devInteractions: { enabled: true } },
  findAccount(_context, name) {
    const claims = JSON.parse(readFileSync(accounts, 'utf8'))[name];
    return claims && { accountId: name, claims: () => ({ sub: name, preferred_username: name, ...claims }) };
  },
  // Keys of its own at each start.
  jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig' }] },
  ttl: { IdToken: Number(process.env.ID_TOKEN_SECONDS ?? 600) },
});
server.on('request', provider.callback());
console.log(`listening on ${issuer}`);

// A test that ends, however that happens, takes it along.
if (process.env.UNTIL_STDIN_ENDS) process.stdin.on('end', () => process.exit()).resume();
