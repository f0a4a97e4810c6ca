// One session with the client that npm calls open311: node run.js DISCOVERY_URL FORMAT API_KEY prints what it got as JSON.
const Open311 = require('open311');
const [, , discovery, format, apiKey] = process.argv;
const city = new Open311({discovery, apiKey, jurisdiction: 'smalltown'});
const got = {};

function step(name, call) {
    return new Promise((resolve, reject) => call((error, data) => {
        if (error)
            return reject(new Error(`${name}: ${error} ${data}`));
        got[name] = data;
        resolve(data);
    }));
}

async function main() {
    await step('discovery', done => city.serviceDiscovery({cache: true}, done));
    city.format = format;
    await step('services', done => city.serviceList(done));
    await step('definition', done => city.serviceDefinition('lamp', done));
    const report = {service_code: 'lamp', lat: 33.611, long: 114.011, description: 'dark <again> 路灯', attributes: {pole: '7'}};
    const [request] = await step('posted', done => city.submitRequest(report, done));
    await step('one', done => city.serviceRequest(request.service_request_id, done));
    await step('several', done => city.serviceRequests([request.service_request_id], {}, done));
    await step('list', done => city.serviceRequests({service_code: 'lamp', status: 'open'}, done));
    await step('token', done => city.token(request.service_request_id, done));
    await new Promise(resolve => city.serviceDefinition('none', (error, text) => resolve(got.refused = {error, text})));
    console.log(JSON.stringify(got));
}

main().catch(error => {
    console.error(error.message);
    process.exit(1);
});
