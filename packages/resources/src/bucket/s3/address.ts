import { HadronError } from "@hadron/core/spi";

/** Where objects are kept on a server that speaks S3, and who asks for them. */
export interface S3Address {
  /** Of the server's bucket, without a slash at its end: `https://s3.eu-central-1.amazonaws.com/my-bucket`. */
  readonly bucketUrl: string;
  /** What all keys begin with: empty, or with a slash at its end. */
  readonly prefix: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Reads `https://KEY:SECRET@HOST/BUCKET/PREFIX?region=REGION`. FAILED_PRECONDITION where it is no such URL; what is in it is told to nobody.
 *
 * @param variable where it comes from, for messages
 */
export function readAddress(variable: string, text: string): S3Address {
  const wrong = (why: string) =>
    new HadronError(
      "FAILED_PRECONDITION",
      `${variable} is no address of an S3 bucket: ${why}. It should be like ` +
        "https://KEY:SECRET@s3.eu-central-1.amazonaws.com/my-bucket/a-prefix?region=eu-central-1; / in a secret is written %2F, + is %2B.",
    );
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw wrong("it is no http or https URL");
  if (url.username === "" || url.password === "") throw wrong("it says no key and secret");
  const [bucket = "", ...folders] = url.pathname
    .slice(1)
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  if (bucket === "") throw wrong("it names no bucket");
  return {
    bucketUrl: `${url.origin}/${encodeURIComponent(bucket)}`,
    prefix: folders.map((folder) => `${folder}/`).join(""),
    region: url.searchParams.get("region") ?? "us-east-1",
    accessKeyId: decodeURIComponent(url.username),
    secretAccessKey: decodeURIComponent(url.password),
  };
}
