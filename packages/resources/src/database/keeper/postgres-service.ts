import { image } from "@hadron/core";
import { hiddenService } from "@hadron/core/spi";
import { embeddedPostgres, POSTGRES_PORT } from "../embedded/stand-in.ts";

/** The generated secret that the server's first user has for a password. */
export const PASSWORD = "POSTGRES_PASSWORD";

/** The hidden service that is the app's own database server: a public image, or its stand-in where no containers run. */
export const postgres = hiddenService(
  "hadron.postgres",
  image("postgres:18", {
    ports: { [POSTGRES_PORT]: 5432 },
    env: {
      POSTGRES_USER: "postgres",
      POSTGRES_INITDB_ARGS: "--locale-provider=builtin --locale=C.UTF-8 --encoding=UTF8",
    },
    // As the image's own postgres: then it needs no rights to become that.
    user: { uid: 999 },
    generated: [PASSWORD],
    storage: { path: "/var/lib/postgresql", sizeMiB: 10_240 },
    standIn: embeddedPostgres,
  }),
);
