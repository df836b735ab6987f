import { run, service } from "@hadron/core";
import { bucket, type UrlOptions } from "@hadron/resources";

const photos = bucket("photos", { expose: true });

export const shop = service(
  "shop",
  {
    link: async (options: UrlOptions) => {
      await photos.put("a/site.css", "was kept", { contentType: "text/css", ifNoneMatch: "*" }).catch(() => {});
      return photos.url("a/site.css", options);
    },
  },
  { uses: [photos] },
);

await run(shop);
