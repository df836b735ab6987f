import type { Clockwork } from "../../clock/clockwork.ts";
import type { App } from "../../describe/compose/app.ts";

/** What one replica has for itself. */
export interface OwnModule {
  /** The app, as this copy of its files declares it. */
  readonly app: App;
  /** Ends what its code began by timers. */
  end(): void;
}

/** The files of an app, to be run once for each replica. */
export interface OwnModules {
  load(clock: Clockwork): Promise<OwnModule>;
}
