import { render } from 'preact'

import 'uplot/dist/uPlot.min.css'
import './styles/base.css'
import './styles/layout.css'
import './styles/controls.css'
import './styles/data.css'
import './styles/training.css'

import { App } from './components/app.tsx'
import { restorePage } from './state/restore.ts'

render(<App />, document.getElementById('app')!)
void restorePage()
