// A scatter of some ten thousand points on a canvas: panning redraws from typed arrays alone.
export default {
  template: `
    <div class="zy-map">
      <canvas ref="canvas" tabindex="0" role="img" :aria-label="label"
        @pointerdown="down" @pointermove="move" @pointerup="up" @pointercancel="up"
        @pointerleave="leave" @wheel.prevent="wheel" @keydown="key"></canvas>
      <div class="told" aria-live="polite">{{ told }}</div>
    </div>`,
  props: { xs: Array, ys: Array, kinds: Array, titles: Array, colours: Array, label: String, lit: Array },
  data() {
    return { told: "" };
  },
  created() {
    // Not reactive: what is read in every frame.
    this.px = Float32Array.from(this.xs);
    this.py = Float32Array.from(this.ys);
    this.order = Array.from(this.colours, () => []);
    this.kinds.forEach((kind, k) => this.order[kind].push(k));
    this.shine = new Set(this.lit || []);
    this.view = { x: 0, y: 0, zoom: 1 };
    this.pointers = new Map();
    this.frames = [];
    this.waiting = false;
  },
  mounted() {
    this.watcher = new ResizeObserver(() => this.fit());
    this.watcher.observe(this.$el);
    this.theme = new MutationObserver(() => this.ask());
    this.theme.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.fit();
    if (this.shine.size) this.focus();
  },
  unmounted() {
    this.watcher.disconnect();
    this.theme.disconnect();
  },
  methods: {
    fit() {
      const box = this.$el.getBoundingClientRect();
      const ratio = window.devicePixelRatio || 1;
      this.width = box.width;
      this.height = box.height;
      this.$refs.canvas.width = Math.round(box.width * ratio);
      this.$refs.canvas.height = Math.round(box.height * ratio);
      this.ratio = ratio;
      this.ask();
    },
    ask() {
      if (this.waiting) return;
      this.waiting = true;
      requestAnimationFrame((now) => {
        this.waiting = false;
        this.frames.push(now);
        if (this.frames.length > 240) this.frames.shift();
        this.draw();
      });
    },
    scale() {
      return (Math.min(this.width, this.height) / 2.1) * this.view.zoom;
    },
    draw() {
      const paint = this.$refs.canvas.getContext("2d");
      const scale = this.scale();
      const left = this.width / 2 - this.view.x * scale;
      const top = this.height / 2 + this.view.y * scale;
      const size = Math.min(9, 2.6 * Math.sqrt(this.view.zoom));
      const dim = this.shine.size > 0;
      paint.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      paint.clearRect(0, 0, this.width, this.height);
      paint.globalAlpha = dim ? 0.18 : 0.75;
      this.order.forEach((points, kind) => {
        paint.fillStyle = this.colours[kind];
        for (const k of points) {
          const x = left + this.px[k] * scale;
          const y = top - this.py[k] * scale;
          if (x > -size && y > -size && x < this.width + size && y < this.height + size) {
            paint.fillRect(x - size / 2, y - size / 2, size, size);
          }
        }
      });
      paint.globalAlpha = 1;
      const ink = getComputedStyle(this.$el).color;
      paint.font = "12px system-ui, sans-serif";
      let named = 0;
      for (const k of this.shine) {
        const x = left + this.px[k] * scale;
        const y = top - this.py[k] * scale;
        paint.fillStyle = this.colours[this.kinds[k]];
        paint.beginPath();
        paint.arc(x, y, size / 2 + 4, 0, 7);
        paint.fill();
        paint.strokeStyle = ink;
        paint.lineWidth = 1.5;
        paint.stroke();
        if (named++ < 12) {
          paint.fillStyle = ink;
          paint.fillText(this.titles[k].slice(0, 40), x + size / 2 + 8, y + 4);
        }
      }
    },
    light(numbers) {
      this.shine = new Set(numbers);
      if (numbers.length) this.focus();
      this.ask();
    },
    focus() {
      const lit = Array.from(this.shine);
      if (lit.length !== 1) return this.reset();
      this.view = { x: this.px[lit[0]], y: this.py[lit[0]], zoom: 4 };
      this.told = this.titles[lit[0]];
      this.ask();
    },
    reset() {
      this.view = { x: 0, y: 0, zoom: 1 };
      this.ask();
    },
    pan(dx, dy) {
      this.view.x -= dx / this.scale();
      this.view.y += dy / this.scale();
      this.ask();
    },
    zoom(factor, at) {
      const point = at || { x: this.width / 2, y: this.height / 2 };
      const before = this.scale();
      const zoom = Math.max(0.6, Math.min(80, this.view.zoom * factor));
      const ratio = zoom / this.view.zoom;
      const dx = (point.x - this.width / 2) / before;
      const dy = (point.y - this.height / 2) / before;
      this.view.x += dx - dx / ratio;
      this.view.y -= dy - dy / ratio;
      this.view.zoom = zoom;
      this.ask();
    },
    at(event) {
      const box = this.$refs.canvas.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    },
    nearest(point) {
      const scale = this.scale();
      const left = this.width / 2 - this.view.x * scale;
      const top = this.height / 2 + this.view.y * scale;
      let best = -1;
      let near = 144;
      for (let k = 0; k < this.px.length; k++) {
        const x = left + this.px[k] * scale - point.x;
        const y = top - this.py[k] * scale - point.y;
        const d = x * x + y * y;
        if (d < near) {
          near = d;
          best = k;
        }
      }
      return best;
    },
    down(event) {
      this.$refs.canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, this.at(event));
      this.moved = 0;
    },
    move(event) {
      const here = this.at(event);
      const last = this.pointers.get(event.pointerId);
      if (!last) {
        const k = this.nearest(here);
        this.told = k < 0 ? "" : this.titles[k];
        return;
      }
      if (this.pointers.size === 2) {
        const other = [...this.pointers].find(([id]) => id !== event.pointerId)[1];
        const was = Math.hypot(last.x - other.x, last.y - other.y) || 1;
        const now = Math.hypot(here.x - other.x, here.y - other.y) || 1;
        this.zoom(now / was, { x: (here.x + other.x) / 2, y: (here.y + other.y) / 2 });
      } else {
        this.pan(here.x - last.x, here.y - last.y);
      }
      this.moved += Math.abs(here.x - last.x) + Math.abs(here.y - last.y);
      this.pointers.set(event.pointerId, here);
    },
    up(event) {
      if (this.pointers.delete(event.pointerId) && this.moved < 4) {
        const k = this.nearest(this.at(event));
        if (k >= 0) {
          this.told = this.titles[k];
          this.$emit("chosen", k);
        }
      }
    },
    leave() {
      if (!this.pointers.size) this.told = "";
    },
    wheel(event) {
      this.zoom(Math.exp(-event.deltaY * 0.0015), this.at(event));
    },
    key(event) {
      const step = 40;
      const does = {
        ArrowLeft: () => this.pan(step, 0),
        ArrowRight: () => this.pan(-step, 0),
        ArrowUp: () => this.pan(0, step),
        ArrowDown: () => this.pan(0, -step),
        "+": () => this.zoom(1.3),
        "=": () => this.zoom(1.3),
        "-": () => this.zoom(1 / 1.3),
        0: () => this.reset(),
      }[event.key];
      if (does) {
        event.preventDefault();
        does();
      }
    },
  },
};
