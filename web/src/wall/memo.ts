// Draws a component again only when `same` says its properties differ: a frame about one bed must not cost twelve.
import { Component, h, type ComponentChildren, type FunctionComponent } from "preact";

export function memo<P extends object>(
  draw: FunctionComponent<P>,
  same: (before: P, after: P) => boolean,
): FunctionComponent<P> {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      return !same(this.props as P, next);
    }
    override render(): ComponentChildren {
      return h(draw, this.props as P);
    }
  }
  return Memo as unknown as FunctionComponent<P>;
}
