// Sealing to the server's public key (HPKE, RFC 9180): what was sealed here can be opened there, and not here.
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from "@hpke/core";

export interface DeliveryKey {
  id: string;
  public_key: string; // base64url of the uncompressed point
  epoch: string;
}

export interface Name {
  organisation_id: string;
  account_id: string;
}

// Lengths tell nothing: a visit with a note is as long as one without, up to a step.
const STEP = 512;
const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

export async function seal(key: DeliveryKey, name: Name, id: string, said: object): Promise<Uint8Array<ArrayBuffer>> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(fromBase64Url(key.public_key).buffer);
  const info = new TextEncoder().encode(`lantern delivery 1 ${name.organisation_id} ${name.account_id} ${id}`);
  const sender = await suite.createSenderContext({ recipientPublicKey, info: info.buffer });
  const sealed = await sender.seal(padded(JSON.stringify(said)).buffer);
  const whole = new Uint8Array(sender.enc.byteLength + sealed.byteLength);
  whole.set(new Uint8Array(sender.enc));
  whole.set(new Uint8Array(sealed), sender.enc.byteLength);
  return whole;
}

function padded(text: string): Uint8Array<ArrayBuffer> {
  const written = new TextEncoder().encode(text);
  const whole = new Uint8Array(Math.ceil(written.length / STEP) * STEP).fill(32); // blanks, which JSON passes over
  whole.set(written);
  return whole;
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
}
